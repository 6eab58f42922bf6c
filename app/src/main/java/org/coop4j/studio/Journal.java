package org.coop4j.studio;

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
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.studio.Snapshot.Photo;

/** The actions of a folder's studio, each on the disk before it is done. */
final class Journal implements Closeable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final CheckedLines file; // null to keep them in memory
    private final List<Entry> entries = new ArrayList<>();
    private final Places places = new Places();

    /**
     * A change of place.
     *
     * @param sha256 content of the file; empty for a folder
     * @param from place below the folder, with '/'; empty for what appeared
     */
    record Move(String sha256, String from, String to) {

        Move {
            requireInside(from);
            requireInside(to);
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
     * @param kept a label that was declared right, or null
     * @param tested what was learned from the state after the action, or null
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
            String kept,
            Tested tested) {

        Entry {
            makes = makes == null ? List.of() : List.copyOf(makes);
            moves = moves == null ? List.of() : List.copyOf(moves);
            drops = drops == null ? List.of() : List.copyOf(drops);
            makes.forEach(Journal::requireInside);
            drops.forEach(Journal::requireInside);
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
                    action, System.currentTimeMillis(), what, undoes, gesture, makes, moves, drops, null, null);
        }

        static Entry note(int action, String kept, Tested tested) {
            return new Entry(action, System.currentTimeMillis(), null, null, null, null, null, null, kept, tested);
        }

        boolean isChange() {
            return !makes.isEmpty() || !moves.isEmpty() || !drops.isEmpty();
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
        boolean inside = place != null
                && (place.isEmpty() || Stream.of(place.split("/", -1)).allMatch(Journal::isName))
                && (!place.startsWith(PhotoFolder.OWN) || place.startsWith(PhotoFolder.OWN + "/removed/"));
        Require.that(inside, "\"%s\" is not the place of a picture", place);
    }

    private static boolean isName(String part) {
        return !part.isEmpty() && !part.equals(".") && !part.equals("..") && part.indexOf('\0') < 0;
    }

    /** Opens a journal; without a file it is kept in memory. */
    Journal(Optional<Path> file) throws IOException {
        try {
            this.file = file.isEmpty() ? null : CheckedLines.open(file.get(), this::read);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void read(String line) {
        try {
            accept(JSON.readValue(line, Entry.class));
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
        if (file != null) {
            boolean lasts = entry.what != null || entry.kept != null; // an action whose note is lost is finished again
            file.add(JSON.writeValueAsString(entry), lasts);
        }
        accept(entry);
    }

    private void accept(Entry entry) {
        entries.add(entry);
        places.apply(entry);
    }

    /** Returns the labels after all entries. */
    Places places() {
        return places;
    }

    /** Returns the labels after an action; empty if there is no such action. */
    Optional<Places> at(int state) {
        return state > 0 && state < next() ? Optional.of(Places.at(entries, state)) : Optional.empty();
    }

    /** Returns the number of the latest action that changed something. */
    int state() {
        return entries.stream().filter(Entry::isChange).mapToInt(Entry::action).reduce(0, (one, next) -> next);
    }

    int next() {
        return entries.stream().mapToInt(Entry::action).max().orElse(0) + 1;
    }

    /** Returns true if the test of a state is noted. */
    boolean holds(int state, Tested tested) {
        return entries.stream().anyMatch(one -> one.action == state && tested.equals(one.tested));
    }

    /** Returns the action without a note that it is done, or null. */
    Entry unfinished() {
        Entry last = entries.isEmpty() ? null : entries.get(entries.size() - 1);
        return last != null && last.what != null ? last : null;
    }

    /** Returns true if the end of the journal was damaged, so that it does not tell which actions are done. */
    boolean wasDamaged() {
        return file != null && file.wasDamaged();
    }

    /** Returns the actions of the latest gesture that is done and not undone, the latest first. */
    List<Entry> undoable() {
        Set<Object> undone = new HashSet<>(); // numbers and gestures
        List<Entry> latest = new ArrayList<>();
        for (int i = entries.size() - 1; i >= 0; i--) {
            Entry entry = entries.get(i);
            if (entry.undoes != null) {
                undone.add(entry.undoes);
            } else if (entry.what != null && (undone.contains(entry.action) || undone.contains(entry.gesture))) {
                undone.add(Objects.requireNonNullElse(entry.gesture, entry.action));
            } else if (entry.what != null && (latest.isEmpty() || entry.continues(latest))) {
                latest.add(entry);
                if (entry.gesture == null) {
                    break;
                }
            }
        }
        return latest;
    }

    /** Returns all states, the latest first. */
    List<Version> versions() {
        Deque<Version> versions = new ArrayDeque<>();
        List<Entry> gesture = new ArrayList<>(); // that of the latest version
        Places then = new Places();
        for (Entry entry : entries) {
            then.apply(entry);
            if (entry.isChange()) {
                if (entry.continues(gesture)) {
                    versions.pop();
                } else {
                    gesture.clear();
                }
                gesture.add(entry);
                String outside = versions.isEmpty() ? "The folder as it was" : "Changed outside the studio";
                versions.push(new Version(
                        entry.action,
                        Instant.ofEpochMilli(entry.at).toString(),
                        Objects.requireNonNullElse(what(gesture), outside),
                        then.size(),
                        null));
            }
        }
        Map<Integer, Tested> tested = new HashMap<>();
        entries.stream().filter(entry -> entry.tested != null).forEach(entry -> tested.put(entry.action, entry.tested));
        return versions.stream()
                .map(one -> new Version(one.state, one.when, one.what, one.pictures, tested.get(one.state)))
                .toList();
    }

    /** Returns what the actions of a gesture did, in words; null for none. */
    static String what(List<Entry> gesture) {
        if (gesture.size() < 2) {
            return gesture.isEmpty() ? null : gesture.get(0).what;
        }
        List<Move> moves =
                gesture.stream().flatMap(entry -> entry.moves.stream()).toList();
        List<String> targets = moves.stream()
                .map(move -> Objects.requireNonNullElse(Photo.classOf(move.to), "unsorted"))
                .distinct()
                .toList();
        String added = gesture.get(0).what.replaceFirst(" .*", ""); // "Added" or "Moved"
        return targets.size() == 1
                ? "%s %d to %s".formatted(added, moves.size(), targets.get(0))
                : "%s %s".formatted(added, Numbers.count(moves.size(), "picture"));
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
