package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toCollection;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.studio.StudioProblem.UNCHANGED;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.text.Normalizer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.FolderTimes;
import org.coop4j.base.IoFunction;
import org.coop4j.base.Log;
import org.coop4j.base.OpenFile;
import org.coop4j.base.SafeName;
import org.coop4j.base.Sha256;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.ImageFiles;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.page.Thumbnails;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Journal.Tested;
import org.coop4j.studio.Labels.Difference;
import org.coop4j.studio.Labels.Version;
import org.slf4j.Logger;

/**
 * A folder of pictures with its classes, which are the folders in it; pictures directly in the folder are unsorted.
 *
 * <p>Every change is written into the journal before it is made and after it, so that a killed process loses nothing. No
 * picture is deleted or overwritten: a removed one goes to {@code .coop4j/removed}, and a name that is taken gets a number.
 * Changes from outside are noticed when the state is asked for. Safe for use by several threads.
 */
final class Studio implements Closeable {

    /** Folder of the studio's own files, hidden from every other command. */
    static final String OWN = ".coop4j";

    private static final Logger LOG = Log.of(Studio.class);
    private static final String REMOVED = OWN + "/removed/";
    private static final String ENDINGS = "jpe?g|jpe|png|bmp|gif|webp|tiff?";
    private static final int FEWEST_TO_TEST = 8;
    static final int THUMBNAIL = 320; // longer side
    private static final int MAX_PIXELS = 50_000_000;

    /** Longest pause between two writes of a file that is being copied. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    /** Time between two checks of all files: some may be overwritten in place. */
    private static final Duration LOOK_AT_ALL = Duration.ofSeconds(1);

    private final Path root;
    private final boolean readOnly;
    private final IoFunction<Path, String> sha256;
    private final ImageDecoder decoder = new ImageDecoder(MAX_PIXELS, Duration.ofSeconds(10));
    private final NavigableMap<String, Picture> pictures = new TreeMap<>(); // by path
    private Map<String, List<Picture>> byId = Map.of();
    private final Set<String> classes = new TreeSet<>();
    private final Set<String> tests = new LinkedHashSet<>(); // contents
    private final Set<String> kept = new HashSet<>(); // content and class
    private FolderTimes seen; // null if the folder is to be listed again
    private Instant looked = Instant.EPOCH; // when changes were last looked for
    private Instant lookedAtAll = Instant.EPOCH;
    private FileChannel lock;
    private Journal journal;
    private long revision = 1;
    private volatile Runnable listener = () -> {};

    /**
     * A picture.
     *
     * @param path place below the folder, with '/'
     * @param className its class; null if it is unsorted
     */
    record Picture(String sha256, String path, String className, long size, FileTime time) {

        private static final int ID = 20;

        /** Returns the beginning of its content's hash. */
        String id() {
            return id(sha256);
        }

        static String id(String sha256) {
            return sha256.substring(0, ID);
        }

        String file() {
            return path.substring(path.lastIndexOf('/') + 1);
        }

        private Picture at(String place) {
            return new Picture(sha256, place, classOf(place), size, time);
        }

        private boolean isStill(Path file) {
            try {
                return isStill(Files.readAttributes(file, BasicFileAttributes.class));
            } catch (IOException e) {
                return false;
            }
        }

        private boolean isStill(BasicFileAttributes file) {
            return size == file.size() && time.equals(file.lastModifiedTime());
        }

        private static Picture of(String sha256, String place, BasicFileAttributes file) {
            return new Picture(sha256, place, classOf(place), file.size(), file.lastModifiedTime());
        }

        static String classOf(String place) {
            int slash = place.indexOf('/');
            return slash < 0 ? null : place.substring(0, slash);
        }
    }

    /**
     * The answer to a change.
     *
     * @param undo the action that undo would undo; null if there is none
     */
    record Done(long revision, String undo) {}

    /** The classes that have training pictures, and their pictures. */
    record Parts(List<String> names, List<Picture> train, List<Picture> test) {

        int[] labels(List<Picture> some) {
            return some.stream().mapToInt(one -> names.indexOf(one.className)).toArray();
        }
    }

    /**
     * Pictures, classes and test contents at a revision.
     *
     * @param state the latest action in the journal; 0 without a journal
     */
    record Snapshot(
            long revision,
            int state,
            List<String> classes,
            List<Picture> pictures,
            Set<String> tests,
            Set<String> kept) {

        /** Returns the pictures of a class, or the unsorted ones. */
        List<Picture> of(String className) {
            return pictures.stream()
                    .filter(picture -> Objects.equals(picture.className, className))
                    .toList();
        }

        List<Picture> labelled(Predicate<Picture> like) {
            return pictures.stream()
                    .filter(one -> one.className != null && like.test(one))
                    .toList();
        }

        /** Returns the usable labelled pictures. */
        Parts parts(Predicate<Picture> usable) {
            List<Picture> labelled = labelled(usable);
            List<Picture> train = labelled.stream().filter(one -> !isTest(one)).toList();
            List<String> names =
                    train.stream().map(Picture::className).distinct().sorted().toList();
            return new Parts(
                    names,
                    train,
                    labelled.stream()
                            .filter(one -> isTest(one) && names.contains(one.className))
                            .toList());
        }

        boolean isTest(Picture picture) {
            return tests.contains(picture.sha256);
        }

        boolean isKept(Picture picture) {
            return kept.contains(picture.sha256 + picture.className);
        }
    }

    private Studio(Path root, boolean readOnly, IoFunction<Path, String> sha256) {
        this.root = root;
        this.readOnly = readOnly;
        this.sha256 = sha256;
    }

    /**
     * Opens a folder, finishes what a killed studio had begun, and lists the pictures.
     *
     * @param readOnly true to write nothing into the folder
     * @param sha256 hashes the content of a file
     * @throws CommandFailure if another studio has the folder, or it has a split
     */
    static Studio open(Path folder, boolean readOnly, IoFunction<Path, String> sha256) throws IOException {
        Studio studio = new Studio(folder.toRealPath(), readOnly, sha256);
        try {
            if (!readOnly) {
                studio.claim();
            }
            Path list = studio.own().resolve("test.txt");
            if (Files.exists(list)) {
                studio.tests.addAll(Files.readAllLines(list, UTF_8));
            }
            synchronized (studio) {
                studio.scan();
            }
            CommandFailure.require(
                    studio.classes.isEmpty()
                            || studio.classes.stream()
                                    .anyMatch(name -> Split.named(name).isEmpty()),
                    "%s holds parts of a split, not classes: give one of them",
                    folder);
            return studio;
        } catch (IOException | RuntimeException e) {
            studio.close();
            throw e;
        }
    }

    private void claim() throws IOException {
        Path own = root.resolve(OWN);
        CommandFailure.require(
                !Files.isSymbolicLink(own) && Files.isWritable(root),
                "%s cannot be written: change its permissions, or look at it with --read-only",
                root);
        Files.createDirectories(own.resolve("removed"));
        lock = OpenFile.channel(own.resolve("lock"), CREATE, WRITE);
        CommandFailure.require(
                OpenFile.lock(lock) != null, "another studio has %s open: use its page, or end it first", root);
        journal = new Journal(own.resolve("journal"));
        Entry unfinished = journal.unfinished();
        if (unfinished != null) {
            LOG.info("finishing \"{}\", which was interrupted", unfinished.what());
            perform(unfinished, new ArrayList<>());
            finished(unfinished);
        }
        journal.entries().stream().filter(entry -> entry.kept() != null).forEach(entry -> kept.add(entry.kept()));
    }

    /** Has a listener called after each change. */
    void onChange(Runnable called) {
        listener = called;
    }

    Path root() {
        return root;
    }

    Path own() {
        return root.resolve(OWN);
    }

    boolean readOnly() {
        return readOnly;
    }

    // The folder

    /** Returns the present state; folders that were changed from outside are listed again. */
    synchronized Snapshot snapshot() {
        refresh();
        return new Snapshot(
                revision,
                journal == null ? 0 : journal.state(),
                List.copyOf(classes),
                List.copyOf(pictures.values()),
                Set.copyOf(tests),
                Set.copyOf(kept));
    }

    /** Returns the revision, and what undo would undo. */
    synchronized Done done() {
        return new Done(revision, journal == null ? null : Journal.what(journal.undoable()));
    }

    private void refresh() {
        boolean written = isOneWritten();
        if (written || seen == null || seen.isChanged()) {
            try {
                scan();
            } catch (IOException e) {
                throw StudioProblem.of(e, root.toString());
            }
            listener.run();
        }
    }

    /**
     * Returns true if a file was overwritten in place, which the time of its folder does not show. Files that may have been
     * half written at the last look are looked at each time, the others once a second.
     */
    private boolean isOneWritten() {
        Instant now = Instant.now();
        boolean all = lookedAtAll.plus(LOOK_AT_ALL).isBefore(now);
        Instant since = all ? Instant.MIN : looked.minus(LONGEST_PAUSE);
        looked = now;
        lookedAtAll = all ? now : lookedAtAll;
        return pictures.values().parallelStream()
                .anyMatch(one -> one.time.toInstant().isAfter(since) && !one.isStill(root.resolve(one.path)));
    }

    private static String folder(String place) {
        return place.substring(0, Math.max(0, place.lastIndexOf('/')));
    }

    private void scan() throws IOException {
        Set<Path> folders = new HashSet<>(Set.of(root));
        ImageFiles lister = new ImageFiles();
        List<Path> direct = lister.folders(root);
        folders.addAll(direct);
        List<Path> files = lister.images(root);
        files.forEach(file -> folders.add(file.getParent()));
        FolderTimes before = FolderTimes.of(folders);
        Map<String, Picture> found = new ConcurrentHashMap<>();
        files.parallelStream().forEach(file -> {
            String path = root.relativize(file).toString().replace('\\', '/');
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                Picture known = pictures.get(path);
                found.put(
                        path, known != null && known.isStill(now) ? known : Picture.of(sha256.apply(file), path, now));
            } catch (IOException e) {
                LOG.warn("{} cannot be read: {}", file, e.getMessage());
            }
        });
        pictures.clear();
        pictures.putAll(found);
        classes.clear();
        direct.forEach(one -> classes.add(one.getFileName().toString()));
        seen = before;
        note();
        changed();
    }

    /** Writes changes from outside into the journal. */
    private void note() {
        if (journal != null) {
            Labels labels = journal.labels();
            List<String> makes = minus(classes, labels.classes);
            List<String> drops = minus(labels.classes, classes);
            Entry found = Entry.of(journal.next(), null, null, null, makes, labels.to(pictures), drops);
            if (found.isChange()) {
                note(found);
            }
        }
    }

    private static List<String> minus(Collection<String> some, Collection<String> others) {
        return some.stream().filter(one -> !others.contains(one)).toList();
    }

    /** Updates what follows from the pictures, and the test pictures of classes that have enough. */
    private void changed() {
        byId = pictures.values().stream().collect(groupingBy(Picture::id));
        revision++;
        Map<String, Set<String>> contents = pictures.values().stream()
                .filter(one -> one.className != null)
                .collect(groupingBy(
                        Picture::className, TreeMap::new, mapping(Picture::sha256, toCollection(TreeSet::new))));
        int before = tests.size();
        for (Set<String> own : contents.values()) {
            long wanted = own.size() < FEWEST_TO_TEST ? 0 : own.size() / 3;
            long missing = wanted - own.stream().filter(tests::contains).count();
            List<String> left = own.stream().filter(one -> !tests.contains(one)).toList();
            tests.addAll(left.subList(0, (int) Math.max(0, missing)));
        }
        if (tests.size() > before && !readOnly) {
            try {
                AtomicFile.write(own().resolve("test.txt"), String.join("\n", tests) + "\n");
            } catch (IOException e) {
                LOG.warn("the list of test pictures is not written: {}", e.getMessage());
            }
        }
    }

    // Changes

    /** An action that is planned; no two of its files get the same place. */
    private final class Plan {

        private final List<String> makes = new ArrayList<>();
        private final List<Move> moves = new ArrayList<>();
        private final List<String> drops = new ArrayList<>();
        private final Set<String> taken = new HashSet<>();
        private final String gesture;

        /** A plan of a gesture of its own. */
        Plan() {
            this(null);
        }

        /** A plan of a part of a gesture. */
        Plan(String gesture) {
            this.gesture = gesture;
        }

        private void move(String sha256, String from, String wanted) {
            moves.add(new Move(sha256, from, free(wanted)));
        }

        private void remove(Picture one) {
            move(one.sha256, one.path, REMOVED + one.id() + " " + one.file());
        }

        private String free(String wanted) {
            return SafeName.free(
                    wanted,
                    place -> Files.exists(root.resolve(place), LinkOption.NOFOLLOW_LINKS)
                            || !taken.add(place.toLowerCase(Locale.ROOT)));
        }

        private void act(String what) {
            act(what, null);
        }

        private void act(String what, Integer undoes) {
            Entry entry = Entry.of(journal.next(), what, undoes, gesture, makes, moves, drops);
            if (undoes == null && !entry.isChange()) {
                return;
            }
            moves.stream()
                    .flatMap(move -> Stream.of(move.from(), move.to()))
                    .map(Studio::folder)
                    .distinct()
                    .forEach(Studio.this::requireFolder);
            record(entry);
            List<StudioProblem> problems = new ArrayList<>();
            perform(entry, problems);
            finished(entry);
            changed();
            seen = FolderTimes.of(folders());
            listener.run();
            if (!problems.isEmpty()) {
                seen = null;
                StudioProblem first = problems.get(0);
                int others = moves.size() - problems.size();
                String lost = "Nothing is lost: %s moved, the others are where they were."
                        .formatted(count(others, "picture was", "pictures were"));
                throw new StudioProblem(first.status, first.getMessage(), others > 0 ? lost : UNCHANGED);
            }
        }
    }

    private static String place(String className, String file) {
        return className == null ? file : className + "/" + file;
    }

    private static String named(String className) {
        return Objects.requireNonNullElse(className, "unsorted");
    }

    /** Moves pictures into a class, or out of all classes. */
    synchronized void move(List<String> ids, String to, boolean create, String gesture) {
        begin();
        Plan plan = new Plan(gesture);
        if (to != null && !classes.contains(to)) {
            StudioProblem.require(create, "There is no class %s.", to);
            plan.makes.add(newClass(to));
        }
        Set<String> moved = new LinkedHashSet<>(ids);
        moved.removeIf(id -> of(id).stream().allMatch(one -> Objects.equals(one.className, to)));
        for (String id : moved) {
            of(id).stream()
                    .filter(one -> !Objects.equals(one.className, to))
                    .forEach(one -> plan.move(one.sha256, one.path, place(to, one.file())));
        }
        plan.act("Moved %d to %s".formatted(moved.size(), named(to)));
    }

    /** Makes a class. */
    synchronized void addClass(String name) {
        begin();
        Plan plan = new Plan();
        plan.makes.add(newClass(name));
        plan.act("New class " + plan.makes.get(0));
    }

    /** Gives a class another name; if there is a class of that name, it is merged into that. */
    synchronized void rename(String from, String to) {
        begin();
        requireClass(from);
        if (to != null && classes.contains(to) && !to.equals(from)) {
            merge(from, to);
            return;
        }
        String checked = className(to);
        requireNoClash(checked, from);
        Plan plan = new Plan();
        if (!checked.equals(from)) {
            plan.moves.add(new Move("", from, checked));
        }
        plan.act("Renamed %s to %s".formatted(from, checked));
    }

    /** Moves all pictures of a class into another, and drops its folder if nothing else is in it. */
    private void merge(String from, String into) {
        Plan plan = new Plan();
        TreeSet<String> folders = new TreeSet<>(Set.of(from));
        Labels.inside(pictures, from).forEach((path, one) -> {
            plan.move(one.sha256, path, place(into, one.file()));
            folders.add(folder(path));
        });
        plan.drops.addAll(folders.descendingSet()); // the deepest first
        plan.act("Merged %s into %s".formatted(from, into));
    }

    /** Moves pictures out of the data, where undo finds them. */
    synchronized void remove(List<String> ids) {
        begin();
        Plan plan = new Plan();
        new LinkedHashSet<>(ids).forEach(id -> of(id).forEach(plan::remove));
        plan.act("Removed " + count(plan.moves.size(), "picture"));
    }

    /** Undoes the latest gesture that is not undone. */
    synchronized void undo() {
        begin();
        List<Entry> last = journal.undoable();
        StudioProblem.require(!last.isEmpty(), "There is nothing to undo.");
        Plan plan = new Plan();
        last.forEach(entry -> plan.makes.addAll(entry.drops()));
        last.forEach(entry -> plan.drops.addAll(entry.makes()));
        for (Move move : last.stream().flatMap(entry -> entry.back().stream()).toList()) {
            Picture there = pictures.get(move.from());
            if (move.sha256().isEmpty()) {
                requireNoClash(move.to(), move.from());
                plan.moves.add(move);
            } else if (Files.exists(root.resolve(move.from()))
                    && (there == null || there.sha256.equals(move.sha256()))) {
                plan.move(move.sha256(), move.from(), move.to());
            }
        }
        plan.act("Undone: " + Journal.what(last), last.get(0).action());
    }

    // History

    /** Returns all states of the labels, the latest first. */
    synchronized List<Version> history() {
        refresh();
        return journal == null ? List.of() : Labels.versions(journal.entries());
    }

    /** Returns the pictures whose labels differ between two states. */
    synchronized List<Difference> difference(int from, int to) {
        return labels(from).difference(labels(to));
    }

    private Labels labels(int state) {
        StudioProblem.require(
                journal != null && state > 0 && state < journal.next(), "There is no state %d of the labels.", state);
        return Labels.at(journal.entries(), state);
    }

    /** Gives all pictures the labels of an earlier state; those that it did not have are removed. */
    synchronized void restore(int state) {
        begin();
        Labels then = labels(state);
        Map<String, Deque<String>> spare = new TreeMap<>(); // places by content, of pictures that do not stay
        journal.labels().places.forEach((place, content) -> {
            if (!content.equals(then.places.get(place))) {
                spare.computeIfAbsent(content, one -> new ArrayDeque<>()).add(place);
            }
        });
        Plan plan = new Plan();
        then.places.forEach((place, content) -> {
            Deque<String> left = spare.getOrDefault(content, new ArrayDeque<>());
            if (!content.equals(journal.labels().places.get(place)) && !left.isEmpty()) {
                plan.move(content, left.pollLast(), place); // removed ones, which are the first, are left if possible
            }
        });
        spare.forEach((content, places) ->
                places.stream().map(pictures::get).filter(Objects::nonNull).forEach(plan::remove));
        plan.makes.addAll(minus(then.classes, classes));
        plan.drops.addAll(minus(classes, then.classes));
        plan.act("Went back to state " + state);
    }

    /** Notes what was learned from a state. */
    synchronized void tested(int state, Tested tested) {
        if (journal != null
                && journal.entries().stream().noneMatch(one -> one.action() == state && tested.equals(one.tested()))) {
            note(Entry.note(state, null, tested));
        }
    }

    /** Notes that a picture's label is right. */
    synchronized void keep(String id) {
        begin();
        for (Picture one : of(id)) {
            String key = one.sha256 + one.className;
            if (!kept.contains(key)) {
                record(Entry.note(journal.next(), key, null));
                kept.add(key);
            }
        }
        revision++;
        listener.run();
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
            throw new StudioProblem(400, "%s is not a picture that can be read.".formatted(file));
        }
        String sha256 = Sha256.of(content);
        String id = Picture.id(sha256);
        synchronized (this) {
            begin();
            Plan plan = new Plan(gesture);
            String className = to == null ? null : classLike(to).orElseGet(() -> newClass(to));
            if (className != null && !classes.contains(className)) {
                plan.makes.add(className);
            } else if (className != null) {
                requireClass(className);
            }
            if (byId.getOrDefault(id, List.of()).stream().anyMatch(one -> Objects.equals(one.className, className))) {
                return;
            }
            String arrived = plan.free(REMOVED + id + " " + file);
            try {
                AtomicFile.write(root.resolve(arrived), content);
            } catch (IOException e) {
                throw StudioProblem.of(e, file);
            }
            plan.move(sha256, arrived, place(className, file));
            plan.act("Added %s to %s".formatted(file, named(className)));
        }
        Thumbnails.keep(thumbnailFile(id), thumbnail);
    }

    void requireWritable() {
        StudioProblem.require(!readOnly, "The studio was started with --read-only.");
    }

    private void begin() {
        requireWritable();
        refresh();
    }

    private List<Picture> of(String id) {
        List<Picture> some = byId.get(id);
        if (some == null) {
            throw new StudioProblem(
                    NOT_FOUND_404, "A picture is gone: it was changed, moved or deleted elsewhere. Look again.");
        }
        return some;
    }

    private void record(Entry entry) {
        try {
            journal.add(entry);
        } catch (IOException e) {
            throw StudioProblem.of(e, "The journal");
        }
    }

    /** Records a fact, which is found out again if it cannot be written now. */
    private void note(Entry entry) {
        try {
            journal.add(entry);
        } catch (IOException e) {
            LOG.warn("the journal cannot be written: {}", e.getMessage());
        }
    }

    private void finished(Entry entry) {
        note(Entry.note(entry.action(), null, null));
    }

    private Set<Path> folders() {
        Set<Path> folders = new HashSet<>(Set.of(root));
        classes.forEach(name -> folders.add(root.resolve(name)));
        pictures.keySet().stream().map(Studio::folder).distinct().forEach(path -> folders.add(root.resolve(path)));
        return folders;
    }

    private interface Step {
        void take() throws IOException;
    }

    private static void attempt(String file, List<StudioProblem> problems, Step step) {
        try {
            step.take();
        } catch (DirectoryNotEmptyException e) {
            LOG.info("{} keeps its other files", file);
        } catch (IOException e) {
            problems.add(StudioProblem.of(e, file));
        }
    }

    /** Makes the changes of an action that are not made yet, in memory too. */
    private void perform(Entry entry, List<StudioProblem> problems) {
        for (String folder : entry.makes()) {
            attempt(folder, problems, () -> {
                Files.createDirectories(root.resolve(folder));
                classes.add(Picture.classOf(folder + "/"));
            });
        }
        entry.moves().forEach(move -> attempt(move.from(), problems, () -> perform(move)));
        for (String folder : entry.drops()) {
            attempt(folder, problems, () -> {
                Files.deleteIfExists(root.resolve(folder)); // fails unless it is empty
                classes.remove(folder);
            });
        }
    }

    private void perform(Move move) throws IOException {
        Path from = root.resolve(move.from());
        Path to = root.resolve(move.to());
        Picture known = pictures.get(move.from());
        BasicFileAttributes now = Files.readAttributes(from, BasicFileAttributes.class);
        boolean changed =
                known == null ? now.isRegularFile() && !Sha256.of(from).equals(move.sha256()) : !known.isStill(now);
        if (changed) {
            throw new IOException("it was changed elsewhere: look again");
        }
        boolean sameName = move.sha256().isEmpty() && move.from().equalsIgnoreCase(move.to());
        if (Files.exists(to, LinkOption.NOFOLLOW_LINKS) && !(sameName && Files.isSameFile(from, to))) {
            throw new FileAlreadyExistsException(move.to());
        }
        if (Files.isSymbolicLink(from) && !Files.exists(to.resolveSibling(Files.readSymbolicLink(from)))) {
            throw new IOException("it is a link that leads nowhere from there");
        }
        Files.createDirectories(to.getParent());
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        if (move.sha256().isEmpty()) {
            classes.remove(move.from());
            classes.add(move.to());
            Labels.rename(pictures, move.from(), move.to(), Picture::at);
            return;
        }
        pictures.remove(move.from());
        if (!move.to().startsWith(OWN)) {
            pictures.put(move.to(), Picture.of(move.sha256(), move.to(), now)); // a change since then is noticed later
        }
    }

    // Names

    private void requireClass(String name) {
        StudioProblem.require(name != null && classes.contains(name), "There is no class %s.", name);
        requireFolder(name);
    }

    private void requireFolder(String place) {
        for (Path folder = root.resolve(place); !folder.equals(root); folder = folder.getParent()) {
            StudioProblem.require(
                    !Files.isSymbolicLink(folder),
                    "%s is a link to another folder: the studio changes nothing there.",
                    root.relativize(folder));
        }
    }

    /** Returns the class of a name, however it is written. */
    private Optional<String> classLike(String name) {
        return classes.contains(name)
                ? Optional.of(name)
                : classes.stream()
                        .filter(one -> folded(one).equals(folded(name)))
                        .findFirst();
    }

    private String newClass(String name) {
        String checked = className(name);
        requireNoClash(checked, null);
        return checked;
    }

    private void requireNoClash(String name, String except) {
        for (String other : classes) {
            StudioProblem.require(
                    other.equals(except) || !folded(other).equals(folded(name)), "There is a class %s already.", other);
        }
        StudioProblem.require(
                folded(name).equals(except == null ? null : folded(except))
                        || !Files.exists(root.resolve(name), LinkOption.NOFOLLOW_LINKS),
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
        return root.resolve(of(id).get(0).path);
    }

    /** Returns a small JPEG of a picture, made once and kept when the picture is removed. */
    byte[] thumbnail(String id) {
        try {
            return Thumbnails.kept(
                    thumbnailFile(id),
                    !readOnly,
                    () -> decoder.decode(file(id), ExifOrientation.APPLY, one -> Thumbnails.jpeg(one, THUMBNAIL)));
        } catch (IOException e) {
            throw new StudioProblem(NOT_FOUND_404, "The picture cannot be read.");
        }
    }

    private Path thumbnailFile(String id) {
        return own().resolve("thumbnails").resolve(id.replaceAll("[^0-9a-f]", "") + ".jpg");
    }

    @Override
    public synchronized void close() throws IOException {
        if (journal != null) {
            journal.close();
        }
        if (lock != null) {
            lock.close();
        }
    }
}
