package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CheckedLines.Beginning;
import org.coop4j.base.Log;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Sha256;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Journal.Tested;
import org.slf4j.Logger;

/** The sum of a journal's entries, with the places in its file of the actions that can be undone. */
final class JournalState {

    /** Owner of a journal whose damaged end may have said that an action is done. */
    static final String DAMAGED = "damaged";

    private static final Logger LOG = Log.of(JournalState.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CHECKSUM = 64;

    final Places places = new Places();
    Beginning beginning; // what of the journal was read, if this comes from a file
    int next = 1;
    int latest; // action that changed something
    Entry unfinished;
    String owner;
    int testedState;
    Tested tested;
    private final List<Undoable> undoable = new ArrayList<>(); // the latest last

    /** An action that was not undone, and the place of its line. */
    @JsonFormat(shape = JsonFormat.Shape.ARRAY)
    private record Undoable(int action, long at, String gesture) {}

    /** The form of the file. */
    private record Saved(
            Beginning beginning,
            int next,
            int latest,
            String owner,
            int testedState,
            Tested tested,
            Map<String, String> contents,
            Collection<String> classes,
            Collection<String> kept,
            List<Undoable> undoable) {}

    /**
     * Adds an entry.
     *
     * @param at where its line begins
     */
    void apply(Entry entry, long at) {
        places.apply(entry);
        next = Math.max(next, entry.action() + 1);
        if (entry.isChange()) {
            latest = entry.action();
        }
        if (entry.owner() != null) {
            owner = entry.owner();
        } else {
            unfinished = entry.what() == null ? null : entry;
        }
        if (entry.tested() != null) {
            testedState = entry.action();
            tested = entry.tested();
        }
        if (entry.undoes() != null) {
            undo(entry.undoes());
        } else if (entry.what() != null) {
            undoable.add(new Undoable(entry.action(), at, entry.gesture()));
        }
    }

    /** Removes an action with those before it of its gesture. */
    private void undo(int action) {
        int i = undoable.size() - 1;
        while (i >= 0 && undoable.get(i).action != action) {
            i--;
        }
        String gesture = i < 0 ? null : undoable.remove(i).gesture;
        if (gesture != null) {
            undoable.subList(0, i).removeIf(one -> gesture.equals(one.gesture));
        }
    }

    /** Returns the places of the latest gesture's lines; empty if there is nothing to undo. */
    Set<Long> undoable() {
        Set<Long> places = new HashSet<>();
        if (!undoable.isEmpty()) {
            Undoable last = undoable.get(undoable.size() - 1);
            places.add(last.at);
            if (last.gesture != null) {
                undoable.stream()
                        .filter(one -> last.gesture.equals(one.gesture))
                        .forEach(one -> places.add(one.at));
            }
        }
        return places;
    }

    /** Writes a file, after its checksum; there must be no unfinished action. */
    void write(Path file, Beginning read) throws IOException {
        byte[] content = JSON.writeValueAsBytes(new Saved(
                read,
                next,
                latest,
                owner,
                testedState,
                tested,
                places.contents,
                places.classes,
                places.marks().toList(),
                undoable));
        try (AtomicFile target = AtomicFile.create(file)) {
            target.write(ByteBuffer.wrap(Sha256.of(content).getBytes(US_ASCII)), 0);
            target.write(ByteBuffer.wrap(content), CHECKSUM);
            target.commit();
        }
    }

    /** Reads a file that {@link #write} wrote; null if there is none, or another. */
    static JournalState read(Path file) {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            byte[] all = OpenFile.read(file, Runtime.getRuntime().maxMemory() / 4);
            byte[] content = Arrays.copyOfRange(all, Math.min(CHECKSUM, all.length), all.length);
            if (!new String(all, 0, all.length - content.length, US_ASCII).equals(Sha256.of(content))) {
                throw new IOException("it is damaged");
            }
            return of(JSON.readValue(content, Saved.class));
        } catch (IOException | RuntimeException e) { // a stranger's may hold anything
            LOG.info("{} is not used: {}", file, e.getMessage());
            return null;
        }
    }

    private static JournalState of(Saved saved) {
        JournalState state = new JournalState();
        state.beginning = saved.beginning;
        state.next = saved.next;
        state.latest = saved.latest;
        state.owner = saved.owner;
        state.testedState = saved.testedState;
        state.tested = saved.tested;
        state.places.classes.addAll(saved.classes);
        saved.kept.forEach(state.places::mark);
        List<Move> contents = new ArrayList<>();
        saved.contents.forEach((place, content) -> contents.add(new Move(content, "", place))); // checks them
        contents.forEach(state.places::move);
        state.undoable.addAll(saved.undoable);
        return state;
    }
}
