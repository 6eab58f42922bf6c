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
import java.util.Objects;
import java.util.Set;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.Numbers;
import org.coop4j.studio.Studio.Picture;

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
     * @param undoes number of the undone action, or null; it stands for all actions of its gesture up to it
     * @param gesture name of what the person did if that takes several actions, such as adding many files; or null
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
        boolean lasts = entry.what != null || entry.kept != null; // an action whose note is lost is finished again
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
            } else if (entry.what != null && (latest.isEmpty() || entry.gesture.equals(latest.get(0).gesture))) {
                latest.add(entry);
                if (entry.gesture == null) {
                    break;
                }
            }
        }
        return latest;
    }

    /** Returns what the actions of a gesture did, in words; null for none. */
    static String what(List<Entry> gesture) {
        if (gesture.size() < 2) {
            return gesture.isEmpty() ? null : gesture.get(0).what;
        }
        List<Move> moves =
                gesture.stream().flatMap(entry -> entry.moves.stream()).toList();
        List<String> targets =
                moves.stream().map(move -> Picture.classOf(move.to)).distinct().toList();
        String added = gesture.get(0).what.replaceFirst(" .*", ""); // "Added" or "Moved"
        return targets.size() == 1
                ? "%s %d to %s".formatted(added, moves.size(), Objects.requireNonNullElse(targets.get(0), "unsorted"))
                : "%s %s".formatted(added, Numbers.count(moves.size(), "picture"));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
