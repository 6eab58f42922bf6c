package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Log;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Sha256;
import org.slf4j.Logger;

/**
 * The actions of a folder's studio in a file that only grows: a record per line, after its checksum, on the disk before the
 * next thing is done. A damaged tail is set aside.
 */
final class Journal implements Closeable {

    private static final Logger LOG = Log.of(Journal.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CHECKSUM = 16;
    private static final long LARGEST = 1L << 30;

    private final FileChannel channel;
    private final List<Entry> entries = new ArrayList<>();
    private final Labels labels = new Labels();
    private int state;
    private long end;

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

    private Journal(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens the journal of a folder; a tail that cannot be read is set aside in a file of its own. */
    static Journal open(Path file) throws IOException {
        Journal journal = new Journal(OpenFile.channel(file, CREATE, WRITE));
        try {
            byte[] all = OpenFile.read(file, LARGEST);
            journal.read(all);
            if (journal.end < all.length) {
                int n = 1;
                while (Files.exists(file.resolveSibling("journal.damaged-" + n))) {
                    n++;
                }
                Path aside = file.resolveSibling("journal.damaged-" + n);
                Files.write(aside, Arrays.copyOfRange(all, (int) journal.end, all.length));
                LOG.warn("the journal ends in a damaged record, which is now in {}", aside);
                journal.channel.truncate(journal.end);
            }
            return journal;
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
    }

    private void read(byte[] all) {
        int from = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] == '\n') {
                Entry entry = entry(new String(all, from, i - from, UTF_8));
                if (entry == null) {
                    return;
                }
                accept(entry);
                from = i + 1;
                end = from;
            }
        }
    }

    private static Entry entry(String line) {
        if (line.length() <= CHECKSUM || !line.substring(0, CHECKSUM).equals(checksum(line.substring(CHECKSUM + 1)))) {
            return null;
        }
        try {
            return JSON.readValue(line.substring(CHECKSUM + 1), Entry.class);
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static String checksum(String json) {
        return Sha256.of(json).substring(0, CHECKSUM);
    }

    /** Appends an entry, which is on the disk when this returns; after a failure the file ends as before. */
    void add(Entry entry) throws IOException {
        String json = JSON.writeValueAsString(entry);
        byte[] line = (checksum(json) + " " + json + "\n").getBytes(UTF_8);
        try {
            OpenFile.write(channel, ByteBuffer.wrap(line), end);
            if (entry.what != null || entry.kept != null) { // the next studio finishes an action whose note is lost
                channel.force(false);
            }
        } catch (IOException e) {
            channel.truncate(end);
            throw e;
        }
        end += line.length;
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
        Map<Integer, Entry> done = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.what != null && entry.undoes == null) {
                done.put(entry.action, entry);
            } else if (entry.undoes != null) {
                done.remove(entry.undoes);
            }
        }
        Entry last = null;
        for (Entry entry : done.values()) {
            last = entry;
        }
        return last;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
