package org.coop4j.studio;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.base.CheckedLines;

/** The actions of a folder's studio, each on the disk before it is done. */
final class Journal implements Closeable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final CheckedLines file;
    private final List<Entry> entries = new ArrayList<>();
    private final Labels labels = new Labels();
    private int state;

    /**
     * A change of place.
     *
     * @param sha256 content of the file; empty for a folder
     * @param from place below the folder, with '/'
     */
    record Move(String sha256, String from, String to) {}

    /** Test pictures, and how many of them the classifier that was learned from a state has right. */
    record Tested(int right, int tested) {}

    /**
     * Something that a person did, or a note: that it is done, of changes from outside, or of what was learned.
     *
     * @param action number of the action
     * @param at time in milliseconds
     * @param what the action in words; null for a note
     * @param undoes number of the undone action, or null
     * @param makes folders that are made before the moves
     * @param drops folders that go after the moves if they are empty
     * @param kept a picture whose label was declared right, or null
     * @param tested what was learned from the state after the action, or null
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Entry(
            int action,
            long at,
            String what,
            Integer undoes,
            List<String> makes,
            List<Move> moves,
            List<String> drops,
            String kept,
            Tested tested) {

        Entry {
            makes = makes == null ? List.of() : List.copyOf(makes);
            moves = moves == null ? List.of() : List.copyOf(moves);
            drops = drops == null ? List.of() : List.copyOf(drops);
        }

        static Entry of(
                int action, String what, Integer undoes, List<String> makes, List<Move> moves, List<String> drops) {
            return new Entry(action, System.currentTimeMillis(), what, undoes, makes, moves, drops, null, null);
        }

        static Entry note(int action, String kept, Tested tested) {
            return new Entry(action, System.currentTimeMillis(), null, null, null, null, null, kept, tested);
        }

        boolean isChange() {
            return !makes.isEmpty() || !moves.isEmpty() || !drops.isEmpty();
        }

        /** Returns the moves that lead back. */
        List<Move> back() {
            List<Move> back = new ArrayList<>();
            moves.forEach(move -> back.add(new Move(move.sha256, move.to, move.from)));
            Collections.reverse(back);
            return back;
        }
    }

    Journal(Path file) throws IOException {
        this.file = CheckedLines.open(file, this::read);
    }

    private void read(String line) {
        try {
            accept(JSON.readValue(line, Entry.class));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Appends an entry; after a failure the file ends as before. */
    void add(Entry entry) throws IOException {
        boolean lasts = entry.what != null || entry.kept != null; // an action whose note is lost is finished once more
        file.add(JSON.writeValueAsString(entry), lasts);
        accept(entry);
    }

    private void accept(Entry entry) {
        entries.add(entry);
        labels.apply(entry);
        state = entry.isChange() ? entry.action : state;
    }

    List<Entry> entries() {
        return entries;
    }

    /** Returns the labels after all entries. */
    Labels labels() {
        return labels;
    }

    /** Returns the number of the latest action that changed something. */
    int state() {
        return state;
    }

    int next() {
        return entries.stream().mapToInt(Entry::action).max().orElse(0) + 1;
    }

    /** Returns the action without a note that it is done, or null. */
    Entry unfinished() {
        Entry last = entries.isEmpty() ? null : entries.get(entries.size() - 1);
        return last != null && last.what != null ? last : null;
    }

    /** Returns the latest action that is done and not undone, or null. */
    Entry undoable() {
        Set<Integer> undone = new HashSet<>();
        for (int i = entries.size() - 1; i >= 0; i--) {
            Entry entry = entries.get(i);
            if (entry.undoes != null) {
                undone.add(entry.undoes);
            } else if (entry.what != null && !undone.contains(entry.action)) {
                return entry;
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
