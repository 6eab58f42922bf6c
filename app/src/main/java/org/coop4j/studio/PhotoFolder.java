package org.coop4j.studio;

import static java.util.stream.Collectors.toSet;
import static java.util.stream.Collectors.toUnmodifiableSet;
import static org.coop4j.studio.StudioProblem.require;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.FolderTimes;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.Log;
import org.coop4j.base.NewName;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.ImageFiles;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Snapshot.Photo;
import org.slf4j.Logger;

/**
 * The pictures of a studio on the disk and in memory: finds them, moves them as the journal says, and sets some of each class
 * apart for tests. Its studio has one thread use it at a time.
 */
final class PhotoFolder implements Closeable {

    /** Folder of the studio's own files, hidden from every other command. */
    static final String OWN = ".coop4j";

    private static final Logger LOG = Log.of(PhotoFolder.class);
    private static final int FEWEST_TO_TEST = 8;

    private static final Pattern PLAIN = Pattern.compile("\\p{ASCII}*");

    final Path root;
    Journal journal;
    final NavigableMap<String, Photo> photos = new TreeMap<>(); // by path
    final NavigableSet<String> classes = new TreeSet<>();
    private final IoFunction<Path, String> sha256;
    private final String owner; // of a journal that this user's studios write at this place
    private final FileChannel lock; // null if nothing is written into the folder
    private final NavigableMap<String, Photo> copies = new TreeMap<>(); // by Photo.copy()
    private FolderTimes seen; // null if the folder is to be listed again
    private Set<String> unusable = Set.of(); // names
    private Set<String> unreadable = Set.of(); // places
    private long revision = 1;
    private Snapshot latest; // null until somebody asks for the state of this revision
    final boolean several; // labels come from a table
    private String tableFault; // why the table cannot be read, or null
    private List<Object> tableSeen = List.of();

    /**
     * Opens a folder, finishes what a killed studio of this user had begun, and lists the pictures.
     *
     * @param readOnly true to write nothing into the folder
     * @param user knows the user, whose journals need no question
     * @param sha256 hashes the content of a file
     * @throws CommandFailure if another studio has the folder, or it has a split
     */
    PhotoFolder(Path folder, boolean readOnly, StateFolder user, IoFunction<Path, String> sha256) throws IOException {
        this.root = folder.toRealPath();
        this.owner = readOnly ? "" : Sha256.of(user.identity() + root);
        this.sha256 = sha256;
        try {
            this.lock = readOnly ? null : locked();
        } catch (StudioProblem e) {
            throw new CommandFailure(e.getMessage());
        }
        try {
            for (String name : List.of("removed", "thumbnails", "learned")) {
                own(name);
            }
            this.journal = readOnly ? Journal.inMemory() : openJournal();
            this.several = LabelTable.isIn(root) || journal.places().isSeveral();
            Question question = question();
            if (question != null) {
                LOG.warn("{} The page asks what to do", question.why());
            } else if (journal.unfinished() != null) {
                LOG.info(
                        "finishing \"{}\", which was interrupted",
                        journal.unfinished().what());
                perform(journal.unfinished());
            }
            scan();
            CommandFailure.require(
                    several
                            || classes.isEmpty()
                            || classes.stream()
                                    .anyMatch(name -> Split.named(name).isEmpty()),
                    "%s holds parts of a split, not classes: give one of them",
                    folder);
        } catch (StudioProblem e) {
            close();
            throw new CommandFailure(e.getMessage());
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private FileChannel locked() throws IOException {
        CommandFailure.require(
                Files.isWritable(root),
                "%s cannot be written: change its permissions, or look at it with --read-only",
                root);
        Files.createDirectories(own("removed"));
        return OpenFile.locked(own("lock"))
                .orElseThrow(() -> new CommandFailure(
                        "%s is open in another studio, of another user or machine: end that one, or look with --read-only"
                                .formatted(root)));
    }

    private Journal openJournal() throws IOException {
        Journal opened = Journal.open(own("journal"), own("journal.state"));
        if (opened.isEmpty()) {
            opened.add(Entry.owned(owner));
        }
        return opened;
    }

    boolean readOnly() {
        return lock == null;
    }

    /**
     * A question to answer before anything is finished, changed or undone.
     *
     * @param unfinished an action in words, or null
     * @param ofTable true if it is about the table of the labels, which continuing writes anew
     */
    record Question(String why, String unfinished, boolean ofTable) {}

    /**
     * Returns the question about a journal that others wrote, or whose end was damaged, or about a table that cannot be read;
     * null if there is none.
     */
    Question question() {
        if (readOnly()) {
            return null;
        } else if (owner.equals(journal.owner())) {
            return tableFault == null
                    ? null
                    : new Question("The table of the labels was changed elsewhere. " + tableFault, null, true);
        }
        String why = isDamaged()
                ? "The end of this folder's history is damaged."
                : "This folder's history was written elsewhere, or by somebody else: continue only if you trust them.";
        Entry unfinished = journal.unfinished();
        return new Question(why, unfinished == null ? null : unfinished.what(), false);
    }

    private boolean isDamaged() {
        return JournalState.DAMAGED.equals(journal.owner());
    }

    /**
     * Answers the question.
     *
     * @param goOn true to finish the unfinished action and go on with the history; false to leave the pictures where they
     *     are, and to begin a new history if others wrote it
     */
    List<StudioProblem> answer(boolean goOn) throws IOException {
        List<StudioProblem> problems = List.of();
        if (question().ofTable()) {
            Path table = root.resolve(LabelTable.NAME);
            if (goOn) {
                Files.move(table, AtomicFile.numbered(table, ".damaged-"));
            }
        } else if (!goOn && !isDamaged()) {
            journal.close();
            Files.move(own("journal"), AtomicFile.numbered(own("journal"), ".forgotten-"));
            Files.deleteIfExists(own("journal.state"));
            journal = openJournal();
        } else {
            if (journal.unfinished() != null && goOn) {
                problems = perform(journal.unfinished());
            } else if (journal.unfinished() != null) {
                journal.add(Entry.note(journal.unfinished().action(), null));
            }
            journal.add(Entry.owned(owner));
        }
        scan();
        return problems;
    }

    /** Returns a file or folder of the studio's own; refuses links, pipes and devices, which a stranger's folder may have. */
    Path own(String name) {
        Path file = root;
        for (String part : (OWN + "/" + name).split("/", -1)) {
            file = file.resolve(part);
            require(isPlain(file), "%s is a link, or not a file: remove it.", root.relativize(file));
        }
        return file;
    }

    static boolean isPlain(Path file) {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return now.isRegularFile() || now.isDirectory();
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    Snapshot snapshot() {
        if (latest == null) {
            Places now = journal.places();
            Snapshot untested = new Snapshot(
                    root,
                    revision,
                    journal.state(),
                    List.copyOf(classes),
                    List.copyOf(photos.values()),
                    Set.of(),
                    Set.copyOf(now.kept),
                    several ? Map.copyOf(now.judged) : null);
            latest = untested.testedOn(tests(untested));
        }
        return latest;
    }

    /** Returns names of files and folders that are passed over, since not every program can say them. */
    Set<String> unusable() {
        return unusable;
    }

    long revision() {
        return revision;
    }

    /** Returns the pictures of a content. */
    List<Photo> of(String id) {
        return List.copyOf(Places.inside(copies, id).values());
    }

    /** Returns the picture of a {@link Photo#copy}, or null. */
    Photo copy(String name) {
        return copies.get(name);
    }

    // What is there

    /**
     * Lists the folders again if their times show a change from outside, and returns true then; {@link #refresh(Listing)}
     * looks at all files.
     */
    boolean refresh() throws IOException {
        return scanIf(seen == null || seen.isChanged() || (several && !tableSeen.equals(tableNow())));
    }

    /**
     * Does the same if {@link #list} found a change that the times of folders do not show: a file was overwritten in place,
     * was still being written, or appeared while pictures were moved.
     */
    boolean refresh(Listing present) throws IOException {
        return scanIf(!(several || present.classes.equals(classes))
                || !present.unusable.equals(unusable)
                || present.files.size() != photos.size() + unreadable.size()
                || !present.files.entrySet().stream().allMatch(this::isKnown));
    }

    private boolean scanIf(boolean changed) throws IOException {
        if (changed) {
            scan();
        }
        return changed;
    }

    private boolean isKnown(Map.Entry<String, BasicFileAttributes> found) {
        Photo known = photos.get(found.getKey());
        return known == null ? unreadable.contains(found.getKey()) : known.isStill(found.getValue());
    }

    /**
     * Pictures and folders in the folder.
     *
     * @param files by place
     * @param folders the folder and those below it
     * @param unusable files and folders whose names not every program can say
     */
    record Listing(
            SortedMap<String, BasicFileAttributes> files,
            NavigableSet<String> classes,
            Set<Path> folders,
            Set<String> unusable) {}

    /** Lists what is there; unlike the other methods, while another thread uses this too. */
    Listing list() throws IOException {
        ImageFiles lister = new ImageFiles();
        Listing found = new Listing(new TreeMap<>(), new TreeSet<>(), new HashSet<>(), new TreeSet<>());
        for (Path folder : lister.folders(root)) {
            if (!several) {
                String place = place(folder);
                (isUsable(folder, place) ? found.classes : found.unusable).add(place);
            }
        }
        lister.images(root, true, (seen, attributes) -> {
            String place = place(seen);
            if (attributes.isDirectory()) {
                found.folders.add(seen);
            } else if (isUsable(seen, place)) {
                found.files.put(place, attributes);
            } else if (isUsable(seen.getParent(), parent(place))
                    || !root.equals(seen.getParent().getParent())) {
                found.unusable.add(place); // otherwise its folder is named
            }
        });
        return found;
    }

    private String place(Path file) {
        int begin = root.toString().length() + (root.getParent() == null ? 0 : 1);
        String path = file.toString();
        return path.substring(Math.min(begin, path.length())).replace(File.separatorChar, '/');
    }

    /** Returns false for a name that is not the same as text: of another encoding, or with a backslash that is not a separator. */
    private boolean isUsable(Path file, String place) {
        try {
            return place.indexOf('\\') < 0
                    && (PLAIN.matcher(place).matches() || root.resolve(place).equals(file));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private void scan() throws IOException {
        Listing present = list();
        FolderTimes before = FolderTimes.of(present.folders);
        Map<String, Photo> found = new ConcurrentHashMap<>();
        Set<String> failed = ConcurrentHashMap.newKeySet();
        present.files.entrySet().parallelStream().forEach(one -> {
            String path = one.getKey();
            try {
                Photo known = photos.get(path);
                boolean isStill = known != null && known.isStill(one.getValue());
                found.put(path, isStill ? known : Photo.of(sha256.apply(root.resolve(path)), path, one.getValue()));
            } catch (IOException e) {
                LOG.warn("{} cannot be read: {}", root.resolve(path), e.getMessage());
                failed.add(path);
            }
        });
        photos.clear();
        photos.putAll(found);
        index();
        classes.clear();
        classes.addAll(several ? journal.places().classes : present.classes);
        unusable = present.unusable;
        unreadable = failed;
        seen = before;
        Entry outside = outside();
        if (several) {
            tableFault = null;
            outside = outside.keeping(changedInTable(outside));
        }
        if (outside.isChange() && question() == null) {
            note(outside);
        }
        changed();
    }

    private SortedMap<String, String> contents() {
        SortedMap<String, String> contents = new TreeMap<>();
        photos.forEach((place, one) -> contents.put(place, one.sha256()));
        return contents;
    }

    /** Returns the size and time of the table of the labels. */
    private List<Object> tableNow() {
        try {
            BasicFileAttributes now = Files.readAttributes(root.resolve(LabelTable.NAME), BasicFileAttributes.class);
            return List.of(now.size(), now.lastModifiedTime());
        } catch (IOException e) {
            return List.of();
        }
    }

    /**
     * Returns marks that lead from the labels in the journal to those in the table. Pictures that were moved outside get
     * their lines again, and all of them if the table is gone.
     */
    private List<String> changedInTable(Entry outside) throws IOException {
        tableSeen = tableNow();
        try {
            LabelTable table = LabelTable.read(root);
            if (question() == null && !readOnly()) {
                Places now = journal.places();
                List<Move> all = tableSeen.isEmpty()
                        ? photos.values().stream()
                                .map(one -> new Move(one.sha256(), "", one.path()))
                                .toList()
                        : outside.moves();
                table.perform(all, List.of(), contents(), now);
                table.write();
            }
            return table.changes(photos.values(), journal.places());
        } catch (InputException e) {
            tableFault = e.getMessage() + ".";
            return List.of();
        }
    }

    /** Returns what leads from the labels in the journal to those in the folder. */
    private Entry outside() {
        SortedMap<String, String> known = journal.places().seen();
        List<Move> moves = new ArrayList<>();
        known.forEach((place, content) -> {
            if (!photos.containsKey(place) || !photos.get(place).sha256().equals(content)) {
                moves.add(new Move(content, place, ""));
            }
        });
        photos.forEach((place, one) -> {
            if (!one.sha256().equals(known.get(place))) {
                moves.add(new Move(one.sha256(), "", place));
            }
        });
        NavigableSet<String> before = journal.places().classes;
        return Entry.of(journal.next(), null, null, null, minus(classes, before), moves, minus(before, classes));
    }

    static List<String> minus(Collection<String> some, Collection<String> others) {
        return some.stream().filter(one -> !others.contains(one)).toList();
    }

    private void index() {
        latest = null;
        copies.clear();
        photos.values().forEach(one -> copies.put(one.copy(), one));
    }

    /** Begins a revision. */
    void changed() {
        revision++;
        latest = null;
        if (several) {
            classes.clear();
            classes.addAll(journal.places().classes);
        }
    }

    /**
     * Returns the contents of test pictures, of the classes that have enough labels of a person. Content alone decides which,
     * so that it makes no difference which pictures were sorted first, often the easy ones.
     */
    private static Set<String> tests(Snapshot now) {
        Map<String, Set<String>> contents = new TreeMap<>(); // by class
        now.byClass()
                .forEach((name, own) -> contents.put(
                        name,
                        own.stream().filter(now::isLabelled).map(Photo::sha256).collect(toSet())));
        contents.values().removeIf(own -> own.size() < FEWEST_TO_TEST);
        Stream<String> able = now.isSeveral()
                ? now.photos().stream()
                        .filter(one -> now.decided(one).keySet().containsAll(contents.keySet()))
                        .map(Photo::sha256)
                : contents.values().stream().flatMap(Set::stream);
        return able.filter(one -> !contents.isEmpty() && isDrawn(one)).collect(toUnmodifiableSet());
    }

    /** Returns true for a third of all contents. */
    static boolean isDrawn(String sha256) {
        int digits = 0; // 16 leaves 1 when it is divided by 3, so a number leaves what the sum of its digits leaves
        for (int i = 0; i < 7; i++) {
            digits += Character.digit(sha256.charAt(i), 16);
        }
        return digits % 3 == 0;
    }

    // What is changed

    /** Records a fact, which is found out again if it cannot be written now. */
    void note(Entry entry) {
        try {
            journal.add(entry);
        } catch (IOException e) {
            LOG.warn("the journal cannot be written: {}", e.getMessage());
        }
    }

    /** Makes the changes of a recorded action that are not made yet, in memory too; returns the problems. */
    List<StudioProblem> perform(Entry entry) {
        List<StudioProblem> problems = new ArrayList<>();
        latest = null; // even if this fails halfway
        for (String folder : entry.makes()) {
            attempt(folder, problems, () -> {
                requireOwn(folder);
                Files.createDirectories(root.resolve(folder));
                classes.add(Photo.classOf(folder + "/"));
            });
        }
        entry.moves().forEach(move -> attempt(move.from(), problems, () -> perform(move)));
        for (String folder : entry.drops()) {
            attempt(folder, problems, () -> {
                requireOwn(folder);
                if (Files.isDirectory(root.resolve(folder))) { // a stranger may name a file
                    Files.delete(root.resolve(folder)); // fails unless it is empty
                }
                classes.remove(folder);
            });
        }
        if (several) {
            attempt(LabelTable.NAME, problems, () -> {
                LabelTable table = LabelTable.read(root);
                table.perform(entry.moves(), entry.marks(), journal.places().seen(), journal.places());
                table.write();
                tableSeen = tableNow();
            });
        }
        note(Entry.note(entry.action(), null));
        Set<Path> folders = new HashSet<>(Set.of(root));
        if (!several) {
            classes.forEach(name -> folders.add(root.resolve(name)));
        }
        photos.keySet().stream().map(PhotoFolder::parent).distinct().forEach(path -> folders.add(root.resolve(path)));
        seen = problems.isEmpty() ? FolderTimes.of(folders) : null;
        return problems;
    }

    private interface Step {
        void take() throws IOException;
    }

    private static void attempt(String file, List<StudioProblem> problems, Step step) {
        try {
            step.take();
        } catch (DirectoryNotEmptyException e) {
            LOG.info("{} keeps its other files", file);
        } catch (StudioProblem e) {
            problems.add(e);
        } catch (IOException e) {
            problems.add(StudioProblem.of(e, file));
        }
    }

    private void perform(Move move) throws IOException {
        Path from = root.resolve(move.from());
        Path to = root.resolve(move.to());
        boolean isFolder = move.sha256().isEmpty();
        requireOwn(isFolder ? move.from() : parent(move.from()));
        requireOwn(parent(move.to()));
        Photo known = photos.get(move.from());
        BasicFileAttributes now = Files.readAttributes(from, BasicFileAttributes.class);
        boolean isAsBefore = isFolder
                ? now.isDirectory()
                : known != null
                        ? known.isStill(now)
                        : now.isRegularFile() && Sha256.of(from).equals(move.sha256());
        if (!isAsBefore) {
            throw new IOException("it was changed elsewhere: look again");
        }
        boolean sameName = isFolder && move.from().equalsIgnoreCase(move.to());
        boolean same = isTaken(move.to())
                && !Files.isSymbolicLink(from)
                && !Files.isSymbolicLink(to)
                && Files.isSameFile(from, to);
        if (isTaken(move.to()) && !(same && (sameName || !isFolder))) {
            throw new FileAlreadyExistsException(move.to());
        }
        if (Files.isSymbolicLink(from) && !Files.exists(to.resolveSibling(Files.readSymbolicLink(from)))) {
            throw new IOException("it is a link that leads nowhere from there");
        }
        Files.createDirectories(to.getParent());
        if (isFolder) {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } else {
            moveFile(from, to, same);
        }
        if (isFolder) {
            classes.remove(move.from());
            classes.add(move.to());
            Places.rename(
                    photos,
                    move.from(),
                    move.to(),
                    (one, place) -> new Photo(one.sha256(), place, one.size(), one.time()));
            index();
            return;
        }
        if (known != null) {
            photos.remove(known.path());
            copies.remove(known.copy());
        }
        if (!move.to().startsWith(OWN)) {
            Photo moved = Photo.of(move.sha256(), move.to(), now); // a change since then is noticed later
            photos.put(moved.path(), moved);
            copies.put(moved.copy(), moved);
        }
    }

    /** Moves a file to a name that is taken in one step, whatever other programs do, or not at all. */
    private static void moveFile(Path from, Path to, boolean linked) throws IOException {
        if (linked && from.toRealPath().equals(to.toRealPath())) {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE); // one name in another spelling
            return;
        }
        if (!linked) { // otherwise a studio was killed between the link and the deletion
            NewName.link(from, to);
        }
        Files.delete(from);
    }

    /** Returns the folder of a place. */
    static String parent(String place) {
        return place.substring(0, Math.max(0, place.lastIndexOf('/')));
    }

    /** Returns true if there are files in a class that are no pictures of it, which are left where they are. */
    boolean hasOtherFiles(String className) {
        try (Stream<Path> files = Files.walk(root.resolve(className))) {
            return files.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .anyMatch(file -> !photos.containsKey(place(file)));
        } catch (IOException | UncheckedIOException e) {
            return true; // which cannot be read
        }
    }

    boolean isTaken(String place) {
        return Files.exists(root.resolve(place), LinkOption.NOFOLLOW_LINKS);
    }

    /** Refuses a place behind a link. */
    void requireOwn(String place) {
        for (Path folder = root.resolve(place); !folder.equals(root); folder = folder.getParent()) {
            require(
                    !Files.isSymbolicLink(folder),
                    "%s is a link to another folder: the studio changes nothing there.",
                    root.relativize(folder));
        }
    }

    @Override
    public void close() throws IOException {
        if (journal != null) {
            journal.close();
        }
        if (lock != null) {
            lock.close();
        }
    }
}
