package org.coop4j.studio;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.studio.StudioProblem.UNCHANGED;
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
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.IoFunction;
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
import org.coop4j.studio.PhotoFolder.Question;
import org.coop4j.studio.Places.Difference;
import org.coop4j.studio.Snapshot.Photo;

/**
 * The actions of a person on a folder of pictures, whose classes are the folders in it; pictures directly in it are
 * unsorted.
 *
 * <p>Every change is written into the journal before it is made and after it, so that a killed process loses nothing. No
 * picture is deleted or overwritten: a removed one goes to {@code .coop4j/removed}, and a name that is taken gets a number.
 * Changes from outside are noticed when the state is asked for. Safe for use by several threads.
 */
final class Studio implements Closeable {

    static final int THUMBNAIL = 320; // longer side

    private static final String REMOVED = PhotoFolder.OWN + "/removed/";
    private static final String ENDINGS = "jpe?g|jpe|png|bmp|gif|webp|tiff?";
    private static final int MAX_PIXELS = 50_000_000;

    private final PhotoFolder folder;
    private final ImageDecoder decoder = new ImageDecoder(MAX_PIXELS, Duration.ofSeconds(10));
    private volatile Runnable listener = () -> {};

    /**
     * The answer to a change.
     *
     * @param undo the action that undo would undo; null if there is none
     */
    record Done(long revision, String undo) {}

    private Studio(PhotoFolder folder) {
        this.folder = folder;
    }

    /** Opens a folder as {@link PhotoFolder} does. */
    static Studio open(Path folder, boolean readOnly, StateFolder user, IoFunction<Path, String> sha256)
            throws IOException {
        return new Studio(new PhotoFolder(folder, readOnly, user, sha256));
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
        StudioProblem.require(!readOnly(), "The studio was started with --read-only.");
    }

    /** Returns the present state; folders that were changed from outside are listed again. */
    synchronized Snapshot snapshot() {
        refresh();
        return folder.snapshot();
    }

    /** Returns the revision, and what undo would undo. */
    synchronized Done done() {
        String undo = folder.question() == null ? Journal.what(folder.journal.undoable()) : null;
        return new Done(folder.revision(), undo);
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
    synchronized void answer(boolean goOn) {
        requireWritable();
        StudioProblem.require(folder.question() != null, "Nothing was asked.");
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
    }

    private void refresh() {
        try {
            if (folder.refresh()) {
                listener.run();
            }
        } catch (IOException e) {
            throw StudioProblem.of(e, root().toString());
        }
    }

    private void begin() {
        requireWritable();
        StudioProblem.require(
                folder.question() == null, "Nothing can be changed before the page has your answer about the history.");
        refresh();
    }

    private void changed() {
        folder.changed();
        listener.run();
    }

    private List<Photo> of(String id) {
        List<Photo> some = folder.of(id);
        if (some.isEmpty()) {
            throw new StudioProblem(
                    NOT_FOUND_404, "A picture is gone: it was changed, moved or deleted elsewhere. Look again.");
        }
        return some;
    }

    // Changes

    /** An action that is planned; no two of its files get the same place. */
    private final class Plan {

        private final String gesture; // null for one of its own
        private final List<String> makes = new ArrayList<>();
        private final List<Move> moves = new ArrayList<>();
        private final List<String> drops = new ArrayList<>();
        private final Set<String> taken = new HashSet<>();

        Plan(String gesture) {
            begin();
            this.gesture = gesture;
        }

        private void move(String sha256, String from, String wanted) {
            moves.add(new Move(sha256, from, free(wanted)));
        }

        private void move(Photo one, String to) {
            move(one.sha256(), one.path(), to == null ? one.file() : to + "/" + one.file());
        }

        private void remove(Photo one) {
            move(one.sha256(), one.path(), REMOVED + one.id() + " " + one.file());
        }

        private String free(String wanted) {
            return SafeName.free(wanted, place -> folder.isTaken(place) || !taken.add(place.toLowerCase(Locale.ROOT)));
        }

        /** Takes a class, however its name is written, that is made if it does not exist; null is unsorted. */
        private String target(String name) {
            String found = name == null || folder.classes.contains(name)
                    ? name
                    : folder.classes.stream()
                            .filter(one -> folded(one).equals(folded(name)))
                            .findFirst()
                            .orElse(null);
            if (found == null && name != null) {
                makes.add(newClass(name));
                return makes.get(0);
            }
            return found;
        }

        /** Moves the pictures of a class to another, which leaves it empty. */
        private void moveAll(String from, String to) {
            Places.inside(folder.photos, from)
                    .forEach((path, one) -> move(one.sha256(), path, to + path.substring(from.length())));
            drops.add(from);
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
        private void act(String what, Object... values) {
            act(null, what.formatted(values));
        }

        private void act(Integer undoes, String what) {
            Entry entry = Entry.of(folder.journal.next(), what, undoes, gesture, makes, moves, emptied());
            if (undoes == null && !entry.isChange()) {
                return;
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
        }
    }

    private void record(Entry entry) {
        try {
            folder.journal.add(entry);
        } catch (IOException e) {
            throw StudioProblem.of(e, "The journal");
        }
    }

    private static String named(String className) {
        return Objects.requireNonNullElse(className, "unsorted");
    }

    /** Moves pictures into a class, or out of all classes. */
    synchronized void move(List<String> ids, String to, boolean create, String gesture) {
        Plan plan = new Plan(gesture);
        if (to != null && !folder.classes.contains(to)) {
            StudioProblem.require(create, "There is no class %s.", to);
            plan.makes.add(newClass(to));
        }
        Set<String> moved = new LinkedHashSet<>(ids);
        moved.removeIf(id -> of(id).stream().allMatch(one -> Objects.equals(one.className(), to)));
        moved.stream()
                .flatMap(id -> of(id).stream())
                .filter(one -> !Objects.equals(one.className(), to))
                .forEach(one -> plan.move(one, to));
        plan.act("Moved %d to %s", moved.size(), named(to));
    }

    /** Makes a class. */
    synchronized void addClass(String name) {
        Plan plan = new Plan(null);
        plan.makes.add(newClass(name));
        plan.act("New class %s", plan.makes.get(0));
    }

    /** Gives a class another name; if there is a class of that name, it is merged into that. */
    synchronized void rename(String from, String to) {
        Plan plan = new Plan(null);
        requireClass(from);
        if (to != null && folder.classes.contains(to) && !to.equals(from)) {
            Places.inside(folder.photos, from).values().forEach(one -> plan.move(one, to));
            plan.drops.add(from);
            plan.act("Merged %s into %s", from, to);
            return;
        }
        String checked = className(to);
        requireNoClash(checked, from);
        if (!checked.equals(from)) {
            plan.moves.add(new Move("", from, checked));
        }
        plan.act("Renamed %s to %s", from, checked);
    }

    /** Moves pictures out of the data, where undo finds them. */
    synchronized void remove(List<String> ids) {
        Plan plan = new Plan(null);
        new LinkedHashSet<>(ids).forEach(id -> of(id).forEach(plan::remove));
        plan.act("Removed %s", count(plan.moves.size(), "picture"));
    }

    /** Undoes the latest gesture that is not undone. */
    synchronized void undo() {
        Plan plan = new Plan(null);
        List<Entry> last = folder.journal.undoable();
        StudioProblem.require(!last.isEmpty(), "There is nothing to undo.");
        for (Entry entry : last) {
            plan.makes.addAll(entry.drops());
            plan.drops.addAll(entry.makes());
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
                }
            }
        }
        plan.act(last.get(0).action(), "Undone: " + Journal.what(last));
    }

    /**
     * Adds a picture.
     *
     * @param to its class, which is made if it does not exist; null for unsorted
     * @param name proposed name of its file
     * @param gesture shared by all pictures that were added together; null for one alone
     */
    void upload(byte[] content, String to, String name, String gesture) {
        byte[] thumbnail;
        boolean png = content.length > 0 && content[0] == (byte) 0x89;
        String file = SafeName.file(name, ENDINGS, png ? "png" : "jpg");
        try {
            thumbnail = decoder.decode(content, file, ExifOrientation.APPLY, one -> Thumbnails.jpeg(one, THUMBNAIL));
        } catch (IOException e) {
            throw new StudioProblem(BAD_REQUEST_400, "%s is not a picture that can be read.".formatted(file));
        }
        String sha256 = Sha256.of(content);
        String id = Photo.id(sha256);
        synchronized (this) {
            Plan plan = new Plan(gesture);
            String className = plan.target(to);
            if (folder.of(id).stream().anyMatch(one -> Objects.equals(one.className(), className))) {
                return;
            }
            folder.requireOwn(Objects.requireNonNullElse(className, ""));
            String arrived = plan.free(REMOVED + id + " " + file);
            try {
                AtomicFile.write(root().resolve(arrived), content);
            } catch (IOException e) {
                throw StudioProblem.of(e, file);
            }
            plan.move(sha256, arrived, className == null ? file : className + "/" + file);
            plan.act("Added %s to %s", file, named(className));
        }
        Thumbnails.keep(thumbnailFile(id), thumbnail);
    }

    /** Notes that a picture's label is right. */
    synchronized void keep(String id) {
        begin();
        for (Photo one : of(id)) {
            if (!folder.journal.places().kept.contains(one.label())) {
                record(Entry.note(folder.journal.next(), one.label(), null));
            }
        }
        changed();
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
        StudioProblem.require(then.isPresent(), "There is no state %d of the labels.", state);
        return then.get();
    }

    /** Gives all pictures the labels of an earlier state; those that it did not have are removed. */
    synchronized void restore(int state) {
        Plan plan = new Plan(null);
        Places then = places(state);
        Map<String, String> now = folder.journal.places().contents;
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
            }
        });
        spare.values().stream()
                .flatMap(Collection::stream)
                .map(folder.photos::get)
                .filter(Objects::nonNull)
                .forEach(plan::remove);
        plan.makes.addAll(PhotoFolder.minus(then.classes, folder.classes));
        plan.drops.addAll(PhotoFolder.minus(folder.classes, then.classes));
        plan.act("Went back to state %d", state);
    }

    /** Notes what was learned from a state. */
    synchronized void tested(int state, Tested tested) {
        if (folder.question() == null && !folder.journal.holds(state, tested)) {
            folder.note(Entry.note(state, null, tested));
        }
    }

    // Names

    private void requireClass(String name) {
        StudioProblem.require(name != null && folder.classes.contains(name), "There is no class %s.", name);
        folder.requireOwn(name);
    }

    private String newClass(String name) {
        String checked = className(name);
        requireNoClash(checked, null);
        return checked;
    }

    private void requireNoClash(String name, String except) {
        for (String other : folder.classes) {
            StudioProblem.require(
                    other.equals(except) || !folded(other).equals(folded(name)), "There is a class %s already.", other);
        }
        StudioProblem.require(
                (except != null && folded(name).equals(folded(except))) || !folder.isTaken(name),
                "There is a file called %s already.",
                name);
    }

    private static String folded(String name) {
        return ClassNames.inPrompt(Normalizer.normalize(name, Normalizer.Form.NFC));
    }

    /** Returns the name of a class; refuses one that cannot name a folder on some system. */
    private static String className(String given) {
        try {
            String name = SafeName.folder(given);
            StudioProblem.require(
                    Split.named(name).isEmpty(), "%s is a part of a split elsewhere: use another word.", name);
            return name;
        } catch (IllegalArgumentException e) {
            throw StudioProblem.of(e);
        }
    }

    // Pictures

    /** Returns the file of a picture. */
    synchronized Path file(String id) {
        return root().resolve(of(id).get(0).path());
    }

    /** Returns a small JPEG of a picture, made once and kept when the picture is removed. */
    byte[] thumbnail(String id) {
        try {
            return Thumbnails.kept(
                    thumbnailFile(id),
                    !readOnly(),
                    () -> decoder.decode(file(id), ExifOrientation.APPLY, one -> Thumbnails.jpeg(one, THUMBNAIL)));
        } catch (IOException e) {
            throw new StudioProblem(NOT_FOUND_404, "The picture cannot be read.");
        }
    }

    private Path thumbnailFile(String id) {
        return own("thumbnails/" + id.replaceAll("[^0-9a-f]", "") + ".jpg");
    }

    @Override
    public synchronized void close() throws IOException {
        folder.close();
    }
}
