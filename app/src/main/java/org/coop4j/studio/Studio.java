package org.coop4j.studio;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.studio.StudioProblem.UNCHANGED;
import static org.coop4j.studio.StudioProblem.UNNAMED;
import static org.coop4j.studio.StudioProblem.found;
import static org.coop4j.studio.StudioProblem.require;
import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.IoFunction;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.base.OpenFile;
import org.coop4j.base.SafeName;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.page.Thumbnails;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Journal.Tested;
import org.coop4j.studio.Journal.Version;
import org.coop4j.studio.PhotoFolder.Listing;
import org.coop4j.studio.PhotoFolder.Question;
import org.coop4j.studio.Places.Difference;
import org.coop4j.studio.Snapshot.Photo;

/**
 * The actions of a person on a folder of pictures, whose classes are the folders in it; pictures directly in it are
 * unsorted.
 *
 * <p>Every change is written into the journal before it is made and after it, so that a killed process loses nothing (after
 * a power failure, changes of the last moment may count as made elsewhere, and cannot be undone). No
 * picture is deleted or overwritten: a removed one goes to {@code .coop4j/removed}, and a name that is taken gets a number.
 * Changes from outside are noticed when the state is asked for, or soon after. Safe for use by several threads.
 */
final class Studio implements Closeable {

    static final int THUMBNAIL = 320; // longer side

    private static final String REMOVED = PhotoFolder.OWN + "/removed/";
    private static final String ENDINGS = "jpe?g|jpe|png|bmp|gif|webp|tiff?";
    private static final String CONVERTED = "(?i)\\.(hei[cf]|avif)$"; // endings that JPEG does not keep
    private static final Duration LONGEST_CONVERSION = Duration.ofSeconds(60);

    private final PhotoFolder folder;
    private final HeicConverter converter;
    private final ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS, Duration.ofSeconds(10));
    private volatile Runnable listener = () -> {};
    private boolean wasAsked; // for the state, since the last look

    /**
     * The answer to a change.
     *
     * @param undo the action that undo would undo; null if there is none
     * @param did what was done, in words; null if nothing was to be done
     */
    record Done(long revision, String undo, String did) {}

    /**
     * A removed picture.
     *
     * @param from the class that it was in; null if it was unsorted
     */
    record Removed(String id, String file, String from) {}

    private Studio(PhotoFolder folder, HeicConverter converter) {
        this.folder = folder;
        this.converter = converter;
    }

    /**
     * Opens a folder as {@link PhotoFolder} does.
     *
     * @param path folders with programs
     */
    static Studio open(Path folder, boolean readOnly, StateFolder user, IoFunction<Path, String> sha256, String path)
            throws IOException {
        return new Studio(new PhotoFolder(folder, readOnly, user, sha256), new HeicConverter(path, LONGEST_CONVERSION));
    }

    /** Has a listener called after each change. */
    void onChange(Runnable called) {
        listener = called;
    }

    Path root() {
        return folder.root;
    }

    /** Returns a file of the studio's own. */
    Path own(String name) {
        return folder.own(name);
    }

    boolean readOnly() {
        return folder.readOnly();
    }

    void requireWritable() {
        require(!readOnly(), "The studio was started with --read-only.");
    }

    /** Returns the present state; folders that were changed from outside are listed again. */
    synchronized Snapshot snapshot() {
        refresh();
        return folder.snapshot();
    }

    /** Returns the revision, and what undo would undo. */
    synchronized Done done() {
        return done(null);
    }

    private Done done(String did) {
        String undo = folder.question() == null ? Journal.what(folder.journal.undoable()) : null;
        return new Done(folder.revision(), undo, did);
    }

    /** Returns what the person is to decide before anything is changed; null if there is nothing. */
    synchronized Question question() {
        return folder.question();
    }

    /** Returns names of files and folders that are passed over, since not every program can say them. */
    synchronized Set<String> unusable() {
        return folder.unusable();
    }

    /** Answers the question as {@link PhotoFolder#answer} does. */
    synchronized Done answer(boolean goOn) {
        requireWritable();
        require(folder.question() != null, "Nothing was asked.");
        List<StudioProblem> problems;
        try {
            problems = folder.answer(goOn);
        } catch (IOException e) {
            throw StudioProblem.of(e, "The journal");
        }
        changed();
        if (!problems.isEmpty()) {
            throw problems.get(0);
        }
        return done();
    }

    private void refresh() {
        wasAsked = true;
        notice(folder::refresh);
    }

    /** Looks at all files if the state was asked for since the last look; actions do not wait for it. */
    void look() {
        long before;
        synchronized (this) {
            if (!wasAsked) {
                return;
            }
            wasAsked = false;
            before = folder.revision();
        }
        notice(() -> {
            Listing present = folder.list();
            synchronized (this) {
                return before == folder.revision() && folder.refresh(present); // otherwise the listing is out of date
            }
        });
    }

    private void notice(IoSupplier<Boolean> changed) {
        try {
            if (changed.get()) {
                listener.run();
            }
        } catch (IOException e) {
            throw StudioProblem.of(e, root().toString());
        }
    }

    private void begin() {
        requireWritable();
        require(folder.question() == null, "Nothing can be changed before the page has your answer about the history.");
        refresh();
    }

    private void changed() {
        folder.changed();
        listener.run();
    }

    private Places places() {
        return folder.journal.places();
    }

    private List<Photo> of(String id) {
        List<Photo> some = folder.of(id);
        return found(
                some.isEmpty() ? null : some,
                "A picture is gone: it was changed, moved or deleted elsewhere. Look again.");
    }

    // Changes

    /** An action that is planned; no two of its files get the same place. */
    private final class Plan {

        private final String gesture; // null for one of its own
        private final List<String> makes = new ArrayList<>();
        private final List<Move> moves = new ArrayList<>();
        private final List<String> drops = new ArrayList<>();
        private final List<String> kept = new ArrayList<>();
        private final Set<String> marks; // before it
        private final Set<String> taken = new HashSet<>();
        private final Set<String> left = new HashSet<>(); // places that are free by then

        Plan(String gesture) {
            begin();
            this.gesture = gesture;
            this.marks = places().kept;
        }

        private void move(String sha256, String from, String wanted) {
            moves.add(new Move(sha256, from, free(wanted)));
            left.add(from);
        }

        private void move(Photo one, String to) {
            move(one.sha256(), one.path(), to == null ? one.file() : to + "/" + one.file());
        }

        /** Moves a picture to another class without anybody having looked at it. */
        private void carry(Photo one, String to, String place) {
            move(one.sha256(), one.path(), place);
            if (to != null && one.isAccepted(marks)) {
                mark(Photo.accepted(one.sha256(), to));
            }
        }

        private void mark(String mark) {
            if (!marks.contains(mark)) {
                kept.add(mark);
            }
        }

        private void unmark(String mark) {
            if (marks.contains(mark)) {
                kept.add(Places.back(mark));
            }
        }

        /** Notes that a person said where a picture belongs. */
        private void decide(String sha256, String to) {
            unmark(Photo.none(sha256));
            unmark(Photo.unclear(sha256));
            if (to != null) {
                unmark(Photo.accepted(sha256, to));
            }
        }

        /** Ends a check: what was drawn may be learned from. */
        private void endCheck() {
            marks.stream()
                    .filter(one -> one.matches("[?.]\\w{64}"))
                    .map(Places::back)
                    .forEach(kept::add);
        }

        private void remove(Photo one) {
            move(one.sha256(), one.path(), REMOVED + one.id() + " " + one.file());
        }

        /** Writes a file, which moves to its place from the removed ones. */
        private void add(byte[] content, String sha256, String place) {
            String file = place.substring(place.lastIndexOf('/') + 1);
            String arrived = free(REMOVED + Photo.id(sha256) + " " + file);
            try {
                AtomicFile.write(root().resolve(arrived), content);
            } catch (IOException e) {
                throw StudioProblem.of(e, file);
            }
            move(sha256, arrived, place);
        }

        private String free(String wanted) {
            return SafeName.free(
                    wanted,
                    place -> (folder.isTaken(place) && !left.contains(place))
                            || !taken.add(place.toLowerCase(Locale.ROOT)));
        }

        /** Takes a class, however its name is written, that is made if it does not exist; null is unsorted. */
        private String target(String name) {
            String found = name == null || folder.classes.contains(name)
                    ? name
                    : folder.classes.stream()
                            .filter(one -> folded(one).equals(folded(name)))
                            .findFirst()
                            .orElse(null);
            return found == null && name != null ? make(name) : found;
        }

        /** Makes a class. */
        private String make(String name) {
            String made = newClass(name);
            if (folder.several) {
                kept.add(Places.CLASS + made);
            } else {
                makes.add(made);
            }
            return made;
        }

        /** Decides a label of a content: shown, absent or, if null, open again. */
        private boolean judge(String sha256, String label, Boolean shown) {
            List<String> marks = places().judging(sha256, label, shown);
            if (!marks.isEmpty() && places().kept.contains(Photo.label(sha256, label))) {
                kept.add(Places.back(Photo.label(sha256, label))); // it was another that was right
            }
            return kept.addAll(marks);
        }

        /** Decides a label of pictures; returns the number of contents whose label changes. */
        private long judge(Collection<String> ids, String label, Boolean shown) {
            return contents(ids).filter(one -> judge(one, label, shown)).count();
        }

        /** Gives all pictures of a class another instead, or takes it off them if that is null. */
        private void relabel(String from, String to, boolean merge) {
            places().judged.forEach((sha256, own) -> {
                Boolean shown = own.get(from);
                judge(sha256, from, null);
                if (to != null && shown != null && (shown || !merge)) {
                    judge(sha256, to, shown);
                }
            });
            kept.add(Places.back(Places.CLASS + from));
        }

        /** Moves the pictures of a class to another, which leaves it empty. */
        private void moveAll(String from, String to) {
            Places.inside(folder.photos, from)
                    .forEach((path, one) -> carry(one, to, to + path.substring(from.length())));
            drops.add(from);
        }

        /** Moves the pictures of a class to another, or out of all, side by side; returns what is to be said of its folder. */
        private String dissolve(String from, String to) {
            Places.inside(folder.photos, from)
                    .values()
                    .forEach(one -> carry(one, to, to == null ? one.file() : to + "/" + one.file()));
            drops.add(from);
            return folder.hasOtherFiles(from) ? "; its folder stays, with other files" : "";
        }

        /** Returns the folders that go, with those in them that pictures leave; the deepest first. */
        private List<String> emptied() {
            NavigableSet<String> all = new TreeSet<>(Comparator.reverseOrder());
            all.addAll(drops);
            for (Move move : moves) {
                String left = PhotoFolder.parent(move.from());
                while (goes(left) && all.add(left)) {
                    left = PhotoFolder.parent(left);
                }
            }
            return List.copyOf(all);
        }

        private boolean goes(String left) {
            return drops.stream().anyMatch(drop -> left.startsWith(drop + "/"));
        }

        @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
        private Done act(String what, Object... values) {
            return act(null, what.formatted(values));
        }

        private Done act(Integer undoes, String what) {
            Entry entry = Entry.of(folder.journal.next(), what, undoes, gesture, makes, moves, emptied())
                    .keeping(kept);
            if (undoes == null && !entry.isChange() && kept.isEmpty()) {
                return done();
            }
            moves.stream()
                    .flatMap(move -> Stream.of(move.from(), move.to()))
                    .map(PhotoFolder::parent)
                    .distinct()
                    .forEach(folder::requireOwn);
            record(entry);
            List<StudioProblem> problems = folder.perform(entry);
            changed();
            if (!problems.isEmpty()) {
                int others = moves.size() - problems.size();
                String lost = "Nothing is lost: %s moved, the others are where they were."
                        .formatted(count(others, "picture was", "pictures were"));
                StudioProblem first = problems.get(0);
                throw new StudioProblem(first.status, first.getMessage(), others > 0 ? lost : UNCHANGED);
            }
            return done(undoes == null ? Journal.what(folder.journal.undoable()) : what);
        }
    }

    private void record(Entry entry) {
        try {
            folder.journal.add(entry);
        } catch (IOException e) {
            throw StudioProblem.of(e, "The journal");
        }
    }

    static String named(String className) {
        return Objects.requireNonNullElse(className, "unsorted");
    }

    /** Moves pictures into a class, or out of all classes; the label of one that the studio put there is confirmed. */
    synchronized Done move(List<String> ids, String to, boolean create, String gesture) {
        Plan plan = new Plan(gesture);
        if (to != null && !folder.classes.contains(to)) {
            require(create, "There is no class %s.", to);
            plan.make(to);
        }
        if (folder.several && to != null) {
            return plan.act("Put %s on %d", to, plan.judge(ids, to, true));
        } else if (folder.several) {
            contents(ids).forEach(one -> folder.classes.forEach(name -> plan.judge(one, name, null)));
            return plan.act("Opened the labels of %d again", ids.size());
        }
        int moved = 0;
        for (String id : new LinkedHashSet<>(ids)) {
            int before = plan.moves.size() + plan.kept.size();
            List<Photo> some = of(id);
            some.stream().filter(one -> !Objects.equals(one.className(), to)).forEach(one -> plan.move(one, to));
            plan.decide(some.get(0).sha256(), to);
            moved += plan.moves.size() + plan.kept.size() > before ? 1 : 0;
        }
        String what = plan.moves.isEmpty() && to != null ? "Confirmed %d as %s" : "Moved %d to %s";
        return plan.act(null, what.formatted(moved, named(to)));
    }

    /** Notes that pictures are strangers to all classes; they become unsorted. */
    synchronized Done none(List<String> ids, String gesture) {
        Plan plan = new Plan(gesture);
        requireOneLabel();
        int marked = 0;
        for (String id : new LinkedHashSet<>(ids)) {
            List<Photo> some = of(id);
            marked += some.stream().anyMatch(one -> !one.isNone(plan.marks)) ? 1 : 0;
            some.stream().filter(one -> one.className() != null).forEach(one -> plan.move(one, null));
            plan.unmark(Photo.unclear(some.get(0).sha256()));
            plan.mark(Photo.none(some.get(0).sha256()));
        }
        return plan.act("Marked %d as none of mine", marked);
    }

    // Checks, and answers that are accepted

    /** Notes which pictures are to be checked, in place of those of an earlier check. */
    synchronized Done draw(Collection<String> contents) {
        Plan plan = new Plan(null);
        requireOneLabel();
        plan.endCheck();
        contents.forEach(one -> plan.kept.add(Photo.drawn(one)));
        plan.mark("?" + folder.journal.next());
        return plan.act("Drew %s to check", count(contents.size(), "picture"));
    }

    /** Notes that a person cannot tell the class of a drawn picture. */
    synchronized Done unclear(String id) {
        Plan plan = new Plan(null);
        plan.mark(Photo.unclear(of(id).get(0).sha256()));
        return plan.act("Cannot tell");
    }

    /** Ends a check without a promise. */
    synchronized Done stopCheck() {
        Plan plan = new Plan(null);
        plan.endCheck();
        folder.snapshot().checks().stream().reduce((one, last) -> last).ifPresent(last -> plan.unmark("?" + last));
        return plan.act("Stopped the check");
    }

    /**
     * Puts unsorted pictures into classes as the studio's own answers, and ends the check.
     *
     * @param labels classes by content
     * @param right how many of them are promised to be right
     */
    synchronized Done accept(Map<String, String> labels, int right) {
        Plan plan = new Plan(null);
        Set.copyOf(labels.values()).forEach(this::requireClass);
        labels.forEach((content, to) -> {
            of(Photo.id(content)).stream()
                    .filter(one -> one.className() == null)
                    .forEach(one -> plan.move(one, to));
            plan.mark(Photo.accepted(content, to));
        });
        plan.endCheck();
        return plan.act("Accepted %s, at least %,d right", count(labels.size(), "picture"), right);
    }

    /** Makes all accepted pictures that nobody has confirmed unsorted again. */
    synchronized Done takeBack() {
        Plan plan = new Plan(null);
        folder.snapshot().accepted().forEach(one -> {
            plan.move(one, null);
            plan.unmark(Photo.accepted(one.sha256(), one.className()));
        });
        return plan.act("Took back %,d accepted", plan.moves.size());
    }

    /** Returns the contents that were unsorted after an action, without known strangers. */
    synchronized Set<String> unsortedAt(int state) {
        Places then = places(state);
        Set<String> unsorted = new HashSet<>();
        Set<String> sorted = new HashSet<>();
        then.seen().forEach((place, content) -> (Photo.classOf(place) == null ? unsorted : sorted).add(content));
        unsorted.removeAll(sorted);
        unsorted.removeIf(one -> then.kept.contains(Photo.none(one)));
        return unsorted;
    }

    /** Opens one of several labels of pictures again. */
    synchronized Done take(List<String> ids, String label) {
        Plan plan = new Plan(null);
        requireClass(label);
        return plan.act("Took %s off %d", label, plan.judge(ids, label, null));
    }

    /** Notes that pictures are not of a class or, if that is null, of no further one: none of their open labels is shown. */
    synchronized Done reject(List<String> ids, String className, String gesture) {
        Plan plan = new Plan(gesture);
        if (folder.several && className == null) {
            return plan.act("Marked %d as complete", rest(ids, plan));
        }
        requireClass(className);
        if (folder.several) {
            return plan.act("Marked %d as not %s", plan.judge(ids, className, false), className);
        }
        Set<String> known = places().kept;
        ids.stream()
                .distinct()
                .map(id -> Photo.wrong(of(id).get(0).sha256(), className))
                .filter(mark -> !known.contains(mark))
                .forEach(plan.kept::add);
        return plan.act("Marked %d as not %s", plan.kept.size(), className);
    }

    private long rest(List<String> ids, Plan plan) {
        return contents(ids)
                .filter(one -> {
                    Set<String> open = new LinkedHashSet<>(folder.classes);
                    open.removeAll(places().decided(one).keySet());
                    open.forEach(name -> plan.judge(one, name, false));
                    return !open.isEmpty();
                })
                .count();
    }

    private Stream<String> contents(Collection<String> ids) {
        return ids.stream().distinct().map(id -> of(id).get(0).sha256());
    }

    /** Makes a class. */
    synchronized Done addClass(String name) {
        Plan plan = new Plan(null);
        return plan.act("New class %s", plan.make(name));
    }

    /** Deletes a class; its pictures become unsorted. */
    synchronized Done deleteClass(String name) {
        Plan plan = new Plan(null);
        requireClass(name);
        if (folder.several) {
            plan.relabel(name, null, false);
            return plan.act("Deleted the class %s", name);
        }
        return plan.act("Deleted the class %s%s", name, plan.dissolve(name, null));
    }

    /**
     * Gives a class another name.
     *
     * @param merge true if it may be merged into a class that has the name
     */
    synchronized Done rename(String from, String to, boolean merge) {
        Plan plan = new Plan(null);
        requireClass(from);
        if (to != null && folder.classes.contains(to) && !to.equals(from)) {
            require(merge, "There is a class %s already: merge %s into it, or use another word.", to, from);
            if (folder.several) {
                plan.relabel(from, to, true);
                return plan.act("Merged %s into %s", from, to);
            }
            return plan.act("Merged %s into %s%s", from, to, plan.dissolve(from, to));
        }
        String checked = className(to);
        requireNoClash(checked, from);
        if (!checked.equals(from) && folder.several) {
            plan.kept.add(Places.CLASS + checked);
            plan.relabel(from, checked, false);
        } else if (!checked.equals(from)) {
            plan.moves.add(new Move("", from, checked));
        }
        return plan.act("Renamed %s to %s", from, checked);
    }

    /** Moves pictures out of the data, where undo finds them. */
    synchronized Done remove(List<String> ids) {
        Plan plan = new Plan(null);
        new LinkedHashSet<>(ids).forEach(id -> of(id).forEach(plan::remove));
        return plan.act("Removed %s", count(plan.moves.size(), "picture"));
    }

    private Photo copy(String name) {
        return found(
                name == null ? null : folder.copy(name),
                "A copy is gone: it was changed, moved or deleted elsewhere. Look again.");
    }

    /** Moves files out of the data, of whose pictures others stay ({@link Photo#copy}). */
    synchronized Done removeCopies(List<String> copies, List<String> kept) {
        Plan plan = new Plan(null);
        kept.forEach(this::copy);
        copies.stream().distinct().map(this::copy).forEach(plan::remove);
        return plan.act("Removed %s", count(plan.moves.size(), "copy", "copies"));
    }

    /** Notes that files are all kept, though they show the same picture. */
    synchronized Done keepCopies(List<String> copies) {
        Plan plan = new Plan(null);
        List<Photo> files = copies.stream().map(this::copy).toList();
        for (int i = 0; i < files.size(); i++) {
            for (Photo other : files.subList(0, i)) {
                plan.kept.add(Photo.both(files.get(i).sha256(), other.sha256()));
            }
        }
        plan.kept.removeAll(places().kept);
        return plan.act(files.size() == 2 ? "Kept both copies" : "Kept %d copies", files.size());
    }

    /** Returns the removed pictures, by their places. */
    private SortedMap<String, String> removedPlaces() {
        SortedMap<String, String> removed = new TreeMap<>(Places.inside(places().contents, PhotoFolder.OWN));
        removed.keySet().removeIf(place -> !folder.isTaken(place));
        return removed;
    }

    /** Returns the removed pictures, and uploads that were undone. */
    synchronized List<Removed> removed() {
        Map<String, String> origins = folder.journal.origins();
        return removedPlaces().entrySet().stream()
                .map(one -> new Removed(
                        Photo.id(one.getValue()),
                        one.getKey().replaceFirst("^.*/\\w+ ", ""),
                        Photo.classOf(origins.get(one.getKey()))))
                .toList();
    }

    /** Moves removed pictures to where they were; they are unsorted if their class is gone. */
    synchronized Done bringBack(List<String> ids) {
        Plan plan = new Plan(null);
        Map<String, String> origins = folder.journal.origins();
        removedPlaces().forEach((place, content) -> {
            if (ids.contains(Photo.id(content))) {
                String from = origins.get(place);
                boolean isThere = from.indexOf('/') < 0 || folder.classes.contains(Photo.classOf(from));
                plan.move(content, place, isThere ? from : from.substring(from.lastIndexOf('/') + 1));
            }
        });
        return plan.act("Brought back %s", count(plan.moves.size(), "picture"));
    }

    /** Undoes the latest gesture that is not undone. */
    synchronized Done undo() {
        Plan plan = new Plan(null);
        List<Entry> last = folder.journal.undoable();
        require(!last.isEmpty(), "There is nothing to undo.");
        int gone = 0;
        for (Entry entry : last) {
            plan.makes.addAll(entry.drops());
            plan.drops.addAll(entry.makes());
            plan.kept.addAll(0, entry.kept());
            for (int i = entry.moves().size() - 1; i >= 0; i--) {
                Move move = entry.moves().get(i);
                Photo there = folder.photos.get(move.to());
                if (move.sha256().isEmpty() && folder.isTaken(move.from())) {
                    plan.moveAll(move.to(), move.from());
                } else if (move.sha256().isEmpty()) {
                    plan.moves.add(new Move("", move.to(), move.from()));
                } else if (Files.exists(root().resolve(move.to()))
                        && (there == null || there.sha256().equals(move.sha256()))) {
                    plan.move(move.sha256(), move.to(), move.from());
                } else {
                    gone++;
                }
            }
        }
        String but = gone == 0 ? "" : ", but for %s changed elsewhere".formatted(count(gone, "picture", "pictures"));
        return plan.act(last.get(0).action(), "Undone: " + Journal.what(last) + but);
    }

    /**
     * Adds a picture.
     *
     * @param to its class, which is made if it does not exist; null for unsorted
     * @param name proposed name of its file
     * @param gesture shared by all pictures that were added together; null for one alone
     */
    Done upload(byte[] content, String to, String name, String gesture) {
        String stem = name == null ? null : name.replaceFirst(CONVERTED, "");
        String file = SafeName.file(stem, ENDINGS, ending(content));
        byte[] thumbnail = thumbnail(content);
        String sha256 = Sha256.of(content);
        String id = Photo.id(sha256);
        Done done;
        synchronized (this) {
            Plan plan = new Plan(gesture);
            String className = plan.target(to);
            if (folder.several && className != null) {
                plan.judge(sha256, className, true);
            }
            plan.decide(sha256, className);
            boolean isThere = folder.of(id).stream()
                    .anyMatch(one -> folder.several || Objects.equals(one.className(), className));
            if (!isThere) {
                String place = folder.several || className == null ? "" : className;
                folder.requireOwn(place);
                plan.add(content, sha256, place.isEmpty() ? file : place + "/" + file);
            } else if (plan.kept.isEmpty()) {
                return done();
            }
            done = plan.act("Added %s to %s", file, named(className));
        }
        Thumbnails.keep(thumbnailFile(id), thumbnail);
        return done;
    }

    private static String ending(byte[] content) {
        return content.length > 0 && content[0] == (byte) 0x89 ? "png" : "jpg";
    }

    private byte[] thumbnail(byte[] content) {
        try {
            return decoder.decode(content, UNNAMED, ExifOrientation.APPLY, one -> Thumbnails.jpeg(one, THUMBNAIL));
        } catch (IOException e) {
            throw unreadable(content, e);
        }
    }

    /** Returns the problem of a picture that cannot be read, with the program that may convert it. */
    StudioProblem unreadable(byte[] content, IOException e) {
        StudioProblem problem = new StudioProblem(BAD_REQUEST_400, StudioProblem.unreadable(e));
        problem.converter = HeicConverter.isHeic(content) ? converter() : null;
        return problem;
    }

    /** Returns the name of the program that makes JPEG of HEIC and AVIF; null if there is none. */
    String converter() {
        return converter.name().orElse(null);
    }

    /** Returns the JPEG of a picture in the format HEIC or AVIF; others stay as they are. */
    byte[] converted(byte[] content) {
        try {
            return HeicConverter.isHeic(content) ? converter.jpeg(content) : content;
        } catch (IOException e) {
            throw new StudioProblem(BAD_REQUEST_400, "It is not converted: %s.".formatted(e.getMessage()));
        }
    }

    /** Puts a JPEG in the place of a picture in the format HEIC or AVIF, which is removed. */
    Done convert(String id, String gesture) throws IOException {
        requireWritable();
        byte[] content = converted(OpenFile.read(file(id), ImageDecoder.MAX_FILE_BYTES));
        thumbnail(content); // or it is refused
        synchronized (this) {
            Plan plan = new Plan(gesture);
            List<Photo> some = of(id);
            for (Photo one : some) {
                plan.add(content, Sha256.of(content), one.path().replaceFirst("(\\.[^./]*)?$", ".jpg"));
                plan.remove(one);
                places().decided(one.sha256()).forEach((label, shown) -> plan.judge(Sha256.of(content), label, shown));
            }
            return plan.act("Converted %s", some.get(0).file());
        }
    }

    /** Adds copies of files to the unsorted pictures. */
    synchronized Done add(List<Path> files, String what) throws IOException {
        Plan plan = new Plan(null);
        for (Path file : files) {
            byte[] content = Files.readAllBytes(file);
            plan.add(content, Sha256.of(content), file.getFileName().toString());
        }
        return plan.act(what);
    }

    /**
     * Notes that a picture's label is right.
     *
     * @param label one of several labels, shown or not; null for the picture's class
     */
    synchronized Done keep(String id, String label) {
        Plan plan = new Plan(null);
        if (label != null) {
            requireClass(label);
        }
        List<Photo> some = of(id);
        List<String> labels = some.stream()
                .map(one -> Photo.label(one.sha256(), label == null ? one.className() : label))
                .distinct()
                .toList();
        plan.kept.addAll(PhotoFolder.minus(labels, places().kept));
        return plan.act(
                "The label %s is right", label == null ? named(some.get(0).className()) : label);
    }

    // History

    /** Returns the states of the labels before an action, the latest first, as many as are listed at once. */
    synchronized List<Version> history(int before) {
        refresh();
        return folder.journal.versions(before);
    }

    /** Returns the pictures whose labels differ between two states. */
    synchronized List<Difference> difference(int from, int to) {
        return places(from).difference(places(to));
    }

    private Places places(int state) {
        Optional<Places> then = folder.journal.at(state);
        require(then.isPresent(), "There is no state %d of the labels.", state);
        return then.get();
    }

    /** Gives all pictures the labels of an earlier state; those that it did not have are removed. */
    synchronized Done restore(int state) {
        Plan plan = new Plan(null);
        Places then = places(state);
        Map<String, String> now = places().contents;
        Map<String, Deque<String>> spare = new TreeMap<>(); // places by content, of pictures that do not stay
        now.forEach((place, content) -> {
            if (!content.equals(then.contents.get(place))) {
                spare.computeIfAbsent(content, one -> new ArrayDeque<>()).add(place);
            }
        });
        then.contents.forEach((place, content) -> {
            Deque<String> left = spare.getOrDefault(content, new ArrayDeque<>());
            if (!content.equals(now.get(place)) && !left.isEmpty()) {
                plan.move(content, left.pollLast(), place); // removed ones, which are the first, are left if possible
                String accepted = Photo.accepted(content, Photo.classOf(place));
                if (then.kept.contains(accepted)) {
                    plan.mark(accepted);
                }
            }
        });
        spare.values().stream()
                .flatMap(Collection::stream)
                .map(folder.photos::get)
                .filter(Objects::nonNull)
                .forEach(plan::remove);
        List<String> made = PhotoFolder.minus(then.classes, folder.classes);
        List<String> dropped = PhotoFolder.minus(folder.classes, then.classes);
        if (folder.several) {
            made.forEach(name -> plan.kept.add(Places.CLASS + name));
            Set<String> names = new TreeSet<>(then.classes);
            names.addAll(dropped);
            Set<String> contents = new TreeSet<>(places().judged.keySet());
            contents.addAll(then.judged.keySet());
            contents.forEach(one -> names.forEach(
                    name -> plan.judge(one, name, then.decided(one).get(name))));
            dropped.forEach(name -> plan.kept.add(Places.back(Places.CLASS + name)));
        } else {
            plan.makes.addAll(made);
            plan.drops.addAll(dropped);
        }
        return plan.act("Went back to state %d", state);
    }

    /** Notes what was learned from a state. */
    synchronized void tested(int state, Tested tested) {
        if (folder.question() == null && !folder.journal.holds(state, tested)) {
            folder.note(Entry.note(state, tested));
        }
    }

    // Names

    private void requireOneLabel() {
        require(!folder.several, "Joint answers and promises are for one label per picture.");
    }

    private void requireClass(String name) {
        require(name != null && folder.classes.contains(name), "There is no class %s.", name);
        folder.requireOwn(folder.several ? "" : name);
    }

    private String newClass(String name) {
        String checked = className(name);
        requireNoClash(checked, null);
        return checked;
    }

    private void requireNoClash(String name, String except) {
        for (String other : folder.classes) {
            require(other.equals(except) || !folded(other).equals(folded(name)), "There is a class %s already.", other);
        }
        require(
                folder.several || (except != null && folded(name).equals(folded(except))) || !folder.isTaken(name),
                "There is a file called %s already.",
                name);
    }

    /** Returns a name as it is compared with others. */
    static String folded(String name) {
        return ClassNames.inPrompt(Normalizer.normalize(name, Normalizer.Form.NFC));
    }

    /** Returns the name of a class; refuses one that cannot name a folder on some system. */
    private String className(String given) {
        try {
            String name = SafeName.folder(given);
            require( // a semicolon separates labels, and a spreadsheet takes the others for a formula
                    !(folder.several && name.matches("[-=+@].*|.*;.*")),
                    "A label has no semicolon, and begins with none of - = + @.");
            require(Split.named(name).isEmpty(), "%s is a part of a split elsewhere: use another word.", name);
            return name;
        } catch (IllegalArgumentException e) {
            throw StudioProblem.of(e);
        }
    }

    // Pictures

    /** Returns the file of a picture, which may be a removed one. */
    synchronized Path file(String id) {
        String removed = places().contents.ceilingKey(REMOVED + id);
        boolean isRemoved = folder.of(id).isEmpty() && removed != null && removed.startsWith(REMOVED + id);
        return root().resolve(isRemoved ? removed : of(id).get(0).path());
    }

    /** Returns a small JPEG of a picture, made once and kept when the picture is removed. */
    byte[] thumbnail(String id) {
        return readable(() -> Thumbnails.kept(thumbnailFile(id), !readOnly(), () -> jpeg(file(id))));
    }

    /** Returns a small JPEG of a file elsewhere. */
    byte[] small(Path file) {
        return readable(() -> jpeg(file));
    }

    private static byte[] readable(IoSupplier<byte[]> jpeg) {
        try {
            return jpeg.get();
        } catch (IOException e) {
            throw new StudioProblem(NOT_FOUND_404, "The picture cannot be read.");
        }
    }

    private byte[] jpeg(Path file) throws IOException {
        return decoder.decode(file, ExifOrientation.APPLY, one -> Thumbnails.jpeg(one, THUMBNAIL));
    }

    private Path thumbnailFile(String id) {
        return own("thumbnails/" + id.replaceAll("[^0-9a-f]", "") + ".jpg");
    }

    @Override
    public synchronized void close() throws IOException {
        folder.close();
    }
}
