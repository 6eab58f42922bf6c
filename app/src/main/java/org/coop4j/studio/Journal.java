package org.coop4j.studio;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.studio.Snapshot.Photo;
import org.slf4j.Logger;

/**
 * The actions of a folder's studio, each on the disk before it is done. Their present state is in memory, and in a file of
 * its own, so that little is read at a start; earlier actions are read again when they are asked for.
 */
final class Journal implements Closeable {

    /** Number of states that are listed at once. */
    static final int LISTED = 500;

    private static final Logger LOG = Log.of(Journal.class);
    private static final Pattern MARK = Pattern.compile("[^@~].*|[@~][0-9a-f]{64}.+", Pattern.DOTALL);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Bytes after which the state is written again. */
    private static final long SAVE_AFTER = 8 << 20;

    private final CheckedLines file; // null to keep entries in memory
    private final ExecutorService disk = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "coop4j-journal");
        thread.setDaemon(true);
        return thread;
    });
    private final Path stateFile;
    private final List<Entry> inMemory = new ArrayList<>();
    private final JournalState state;
    private long saved; // bytes of the journal to which the saved state belongs
    private List<Entry> undoable; // null if not known

    /**
     * A change of place.
     *
     * @param sha256 content of the file; empty for a folder
     * @param from place below the folder, with '/'; empty for what appeared
     * @param to the new place; empty for what vanished
     */
    record Move(String sha256, String from, String to) {

        Move {
            requireInside(from);
            requireInside(to);
            Require.that(sha256 != null && sha256.matches("|[0-9a-f]{64}"), "\"%s\" is not a content", sha256);
        }
    }

    /** Test pictures, and how many of them the classifier that was learned from a state has right. */
    record Tested(int right, int tested) {}

    /**
     * Something that a person did, or a note: that it is done, of changes from outside, or of what was learned.
     *
     * @param action number of the action
     * @param at time in milliseconds
     * @param what the action in words; null for a note
     * @param undoes number of the undone action, or null; it stands for all actions of its gesture up to it
     * @param gesture name of what the person did if that takes several actions, such as adding many files; or null
     * @param makes folders that are made before the moves
     * @param drops folders that go after the moves if they are empty
     * @param kept marks ({@link Places}), such as of labels that a person called right; an action that undoes takes them back
     * @param tested what was learned from the state after the action, or null
     * @param owner in a note of who wrote what is before it and agreed to it, or null
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Entry(
            int action,
            long at,
            String what,
            Integer undoes,
            String gesture,
            List<String> makes,
            List<Move> moves,
            List<String> drops,
            @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) List<String> kept,
            Tested tested,
            String owner) {

        Entry {
            makes = makes == null ? List.of() : List.copyOf(makes);
            moves = moves == null ? List.of() : List.copyOf(moves);
            drops = drops == null ? List.of() : List.copyOf(drops);
            kept = kept == null ? List.of() : List.copyOf(kept);
            Require.that(
                    kept.stream().map(Places::positive).allMatch(mark -> MARK.matcher(mark)
                            .matches()),
                    "the action \"%s\" has a mark that is none",
                    what);
            makes.forEach(Journal::requireInside);
            drops.forEach(Journal::requireInside);
            boolean isComplete =
                    what == null || moves.stream().noneMatch(move -> move.from.isEmpty() || move.to.isEmpty());
            Require.that(isComplete, "the action \"%s\" has a move without its places", what);
        }

        static Entry of(
                int action,
                String what,
                Integer undoes,
                String gesture,
                List<String> makes,
                List<Move> moves,
                List<String> drops) {
            return new Entry(
                    action, System.currentTimeMillis(), what, undoes, gesture, makes, moves, drops, null, null, null);
        }

        static Entry note(int action, Tested tested) {
            return note(action, tested, null);
        }

        static Entry owned(String owner) {
            return note(0, null, owner);
        }

        private static Entry note(int action, Tested tested, String owner) {
            return new Entry(
                    action, System.currentTimeMillis(), null, null, null, null, null, null, null, tested, owner);
        }

        /** Returns this action with what it says of labels. */
        Entry keeping(List<String> labels) {
            return new Entry(action, at, what, undoes, gesture, makes, moves, drops, labels, tested, owner);
        }

        boolean isChange() {
            return !makes.isEmpty()
                    || !moves.isEmpty()
                    || !drops.isEmpty()
                    || kept.stream().map(Places::positive).anyMatch(one -> Places.isClass(one) || Places.isLabel(one));
        }

        /** Returns the marks that it makes, or takes back, in their order. */
        List<String> marks() {
            List<String> marks = new ArrayList<>(kept);
            if (undoes != null) {
                Collections.reverse(marks);
                marks.replaceAll(Places::back);
            }
            return marks;
        }

        private boolean continues(List<Entry> others) {
            return !others.isEmpty() && gesture != null && gesture.equals(others.get(0).gesture);
        }
    }

    /**
     * A state of the labels.
     *
     * @param state number of the action that led to it
     * @param when time, as in ISO 8601
     * @param what the action in words
     * @param pictures number of pictures, unsorted ones too
     * @param tested the test of what was learned from it; null if there was none
     */
    record Version(int state, String when, String what, int pictures, Tested tested) {}

    /** Refuses a place that leads out of the folder, which another program may have written. */
    private static void requireInside(String place) {
        String removed = PhotoFolder.OWN + "/removed/";
        String seen = place != null && place.startsWith(removed) ? place.substring(removed.length()) : place;
        boolean inside = seen != null
                && (place.isEmpty() || Stream.of(seen.split("/", -1)).allMatch(Journal::isName));
        Require.that(inside, "\"%s\" is not the place of a picture", place);
    }

    private static boolean isName(String part) {
        return !part.isEmpty() && !part.startsWith(".") && part.indexOf('\0') < 0;
    }

    private Journal(CheckedLines file, Path stateFile, JournalState state) {
        this.file = file;
        this.stateFile = stateFile;
        this.state = state;
    }

    /** Begins a journal in memory. */
    static Journal inMemory() {
        return new Journal(null, null, new JournalState());
    }

    /**
     * Opens a journal, which is made if it is not there.
     *
     * @param stateFile where its state is kept, to read only what came later
     */
    static Journal open(Path file, Path stateFile) throws IOException {
        CheckedLines lines = CheckedLines.open(file);
        try {
            JournalState known = JournalState.read(stateFile);
            boolean isKnown = known != null && lines.skip(known.beginning);
            Journal opened = new Journal(lines, stateFile, isKnown ? known : new JournalState());
            opened.saved = lines.beginning().bytes();
            lines.read((line, at) -> {
                opened.state.apply(entry(line), at);
                return true;
            });
            if (lines.wasDamaged() && opened.unfinished() != null) {
                opened.add(Entry.owned(JournalState.DAMAGED));
            }
            opened.save();
            return opened;
        } catch (UncheckedIOException e) {
            lines.close();
            throw e.getCause();
        } catch (IOException e) {
            lines.close();
            throw e;
        }
    }

    static Entry entry(String line) {
        try {
            return JSON.readValue(line, Entry.class);
        } catch (JsonProcessingException e) {
            String why = e.getCause() == null
                    ? "a line is not an entry"
                    : e.getCause().getMessage();
            throw new UncheckedIOException(new IOException(
                    "the journal was not written by a studio (%s): move .coop4j/journal away to begin a new one"
                            .formatted(why),
                    e));
        }
    }

    /** Appends an entry; after a failure the file ends as before. */
    void add(Entry entry) throws IOException {
        long at = 0;
        if (file == null) {
            inMemory.add(entry);
        } else {
            at = file.beginning().bytes();
            // A removed picture is found by the journal alone. For others, no click waits for a busy disk, and an
            // action whose
            // note is lost is finished again.
            boolean removes = entry.moves.stream().anyMatch(move -> move.to().startsWith(PhotoFolder.OWN));
            file.add(JSON.writeValueAsString(entry), removes || entry.owner != null);
            if (entry.what != null && !removes) {
                disk.execute(this::force);
            }
        }
        state.apply(entry, at);
        undoable = null;
        save();
    }

    private void force() {
        try {
            file.force();
        } catch (IOException e) {
            LOG.warn("the journal may not be on the disk: {}", e.getMessage());
        }
    }

    /** Writes the state if much was added since it was written. */
    private void save() {
        if (file != null && unfinished() == null && file.beginning().bytes() - saved > SAVE_AFTER) {
            try {
                state.write(stateFile, file.beginning());
            } catch (IOException e) {
                LOG.warn("the state of the journal is not written: {}", e.getMessage());
            }
            saved = file.beginning().bytes();
        }
    }

    /** Reads the entries again. */
    private void each(Consumer<Entry> reader) {
        inMemory.forEach(reader);
        if (file != null) {
            read(0, (line, at) -> {
                reader.accept(entry(line));
                return true;
            });
        }
    }

    private void read(long from, CheckedLines.Reader reader) {
        try {
            file.readAgain(from, reader);
        } catch (IOException e) {
            throw StudioProblem.of(e, "The journal");
        }
    }

    /** Returns the labels after all entries. */
    Places places() {
        return state.places;
    }

    /** Returns the labels after an action; empty if there is no such action. */
    Optional<Places> at(int action) {
        if (action < 1 || action >= next()) {
            return Optional.empty();
        }
        Places then = new Places();
        each(entry -> {
            if (entry.action <= action) {
                then.apply(entry);
            }
        });
        return Optional.of(then);
    }

    /** Returns the number of the latest action that changed something. */
    int state() {
        return state.latest;
    }

    int next() {
        return state.next;
    }

    /** Returns true if this is the latest test that is noted. */
    boolean holds(int of, Tested tested) {
        return state.testedState == of && tested.equals(state.tested);
    }

    /** Returns the action without a note that it is done, or null. */
    Entry unfinished() {
        return state.unfinished;
    }

    /** Returns who wrote the journal, {@link JournalState#DAMAGED}, or null if nobody did. */
    String owner() {
        return state.owner;
    }

    boolean isEmpty() {
        return state.next == 1 && state.owner == null;
    }

    /** Returns the actions of the latest gesture that is done and not undone, the latest first. */
    List<Entry> undoable() {
        if (undoable == null) {
            Set<Long> places = state.undoable();
            List<Entry> found = new ArrayList<>();
            if (!places.isEmpty()) {
                read(Collections.min(places), (line, at) -> {
                    if (places.remove(at)) {
                        found.add(0, entry(line));
                    }
                    return !places.isEmpty();
                });
            }
            undoable = found;
        }
        return undoable;
    }

    /** Returns where files came from, by the places to which they were moved. */
    Map<String, String> origins() {
        Map<String, String> origins = new HashMap<>();
        each(entry -> entry.moves.forEach(move -> origins.put(move.to, move.from)));
        return origins;
    }

    /** Returns the states before an action, the latest first, {@link #LISTED} at most. */
    List<Version> versions(int before) {
        Listing listing = new Listing(before);
        each(listing::accept);
        listing.end();
        return listing.versions.stream()
                .map(one -> new Version(one.state, one.when, one.what, one.pictures, listing.tested.get(one.state)))
                .toList();
    }

    /** Finds the latest states before an action. */
    private static final class Listing {

        private final int before;
        private final Deque<Version> versions = new ArrayDeque<>();
        private final List<Entry> gesture = new ArrayList<>(); // that of the next version
        private final Map<Integer, Tested> tested = new HashMap<>();
        private final Places then = new Places();
        private int pictures;

        Listing(int before) {
            this.before = before;
        }

        void accept(Entry entry) {
            then.apply(entry);
            if (entry.tested != null) {
                tested.put(entry.action, entry.tested);
            }
            if (entry.isChange()) {
                if (!entry.continues(gesture)) {
                    end();
                }
                gesture.add(entry);
                pictures = then.size();
            }
        }

        void end() {
            Entry last = gesture.isEmpty() ? null : gesture.get(gesture.size() - 1);
            if (last != null && last.action < before) {
                String outside = versions.isEmpty() ? "The folder as it was" : "Changed outside the studio";
                versions.push(new Version(
                        last.action,
                        Instant.ofEpochMilli(last.at).toString(),
                        Objects.requireNonNullElse(what(gesture), outside),
                        pictures,
                        null));
                if (versions.size() > LISTED) {
                    versions.removeLast();
                }
            }
            gesture.clear();
        }
    }

    /** Returns what the actions of a gesture did, in words; null for none. */
    static String what(List<Entry> gesture) {
        if (gesture.size() < 2) {
            return gesture.isEmpty() ? null : gesture.get(0).what;
        }
        List<Move> moves = gesture.stream()
                .flatMap(entry -> entry.moves.stream())
                .filter(move -> !move.to.startsWith(PhotoFolder.OWN))
                .toList();
        List<String> targets = moves.stream()
                .map(move -> Objects.requireNonNullElse(Photo.classOf(move.to), "unsorted"))
                .distinct()
                .toList();
        if (moves.isEmpty()) {
            return gesture.stream().map(Entry::what).distinct().collect(Collectors.joining(", "));
        }
        String added = gesture.get(0).what.replaceFirst(" .*", ""); // "Added", "Moved" or "Converted"
        return targets.size() == 1 && gesture.get(0).what.contains(" to ")
                ? "%s %d to %s".formatted(added, moves.size(), targets.get(0))
                : "%s %s".formatted(added, Numbers.count(moves.size(), "picture"));
    }

    @Override
    public void close() throws IOException {
        if (file != null && !disk.isShutdown()) {
            disk.execute(this::force);
            disk.shutdown();
            try {
                disk.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            file.close();
        }
    }
}
