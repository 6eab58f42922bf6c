package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;
import org.coop4j.base.SafeText;
import org.coop4j.base.TextFile;

/**
 * The pieces of words in a vocabulary, by id, and found by their UTF-8 bytes. Tables of a few bytes per piece: published
 * vocabularies have up to a million.
 */
final class Pieces {

    /** Code point that stands for a space. */
    static final char SPACE = '\u2581';

    /** More pieces than any published vocabulary has. */
    static final int MOST = 1 << 21;

    /** More bytes than any piece has: the time to find all pieces at a place of a text grows with the longest. */
    static final int LONGEST = 1 << 10;

    /** The form of a piece that stands for a single byte. */
    static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    private static final int SHOWN = 40;

    /** Pieces at most that share a place in the table by chance; more were made to collide. */
    private static final int MOST_PROBES = 1 << 12;

    /** The types of pieces in a SentencePiece file, by number from 1. */
    enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE;

        /** Returns true if a text may contain such pieces. */
        boolean isText() {
            return this == NORMAL || this == USER_DEFINED || this == UNUSED;
        }
    }

    private byte[] bytes = new byte[1 << 16];
    private int[] ends = new int[1 << 12];
    private double[] scores = new double[1 << 12];
    private Kind[] kinds = new Kind[1 << 12];
    private int size;

    private long[] slots; // upper half: bits of the hash; lower half: id + 1, or 0
    private final boolean[] userDefined = new boolean[256]; // by first byte
    private int longest;

    /** Appends a piece, whose id is the number of those before it. */
    void add(byte[] source, int from, int to, double score, Kind kind) throws InputException {
        if (size == MOST) {
            throw new InputException("more than %,d pieces: expected a published vocabulary".formatted(MOST));
        }
        int length = to - from;
        int begin = begin(size);
        if (begin + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(begin + length, 2 * bytes.length));
        }
        System.arraycopy(source, from, bytes, begin, length);
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, 2 * size);
            scores = Arrays.copyOf(scores, 2 * size);
            kinds = Arrays.copyOf(kinds, 2 * size);
        }
        ends[size] = begin + length;
        scores[size] = score;
        kinds[size] = kind;
        size++;
        if (length == 0 || length > LONGEST || isInner(source[from])) {
            throw wrong(size - 1, "expected 1 to %d bytes of UTF-8".formatted(LONGEST));
        }
        if (!Double.isFinite(score)) {
            throw wrong(size - 1, "expected a finite score, got " + score);
        }
    }

    /** Appends normal pieces. */
    void addAll(List<String> texts) throws InputException {
        for (String text : texts) {
            byte[] utf8 = text.getBytes(UTF_8);
            add(utf8, 0, utf8.length, 0, Kind.NORMAL);
        }
    }

    /** Makes the pieces ready to be found. */
    void index() throws IOException {
        require(size > 0, "no pieces");
        bytes = Arrays.copyOf(bytes, ends[size - 1]);
        try {
            TextFile.utf8(bytes); // no piece begins within a character, so each of them is also UTF-8
        } catch (CharacterCodingException e) {
            throw new InputException("pieces that are not UTF-8", e);
        }
        slots = new long[Integer.highestOneBit(size) << 2];
        for (int id = 0; id < size; id++) {
            if (!kinds[id].isText()) {
                continue;
            }
            int from = begin(id);
            long hash = 0;
            for (int i = from; i < ends[id]; i++) {
                hash = hash(hash, bytes[i]);
            }
            if (find(hash, bytes, from, ends[id]) >= 0) {
                throw wrong(id, "it is there twice");
            }
            int slot = slot(hash);
            for (int probes = 0; slots[slot] != 0; probes++) {
                slot = (slot + 1) & (slots.length - 1);
                if (probes == MOST_PROBES) {
                    throw wrong(id, "it collides with too many others");
                }
            }
            slots[slot] = (hash & ~0xFFFF_FFFFL) | (id + 1);
            longest = Math.max(longest, ends[id] - from);
            userDefined[bytes[from] & 0xFF] |= kinds[id] == Kind.USER_DEFINED;
        }
    }

    /** Returns the hash of bytes and one more; that of none is 0. */
    static long hash(long hash, byte next) {
        return (hash + next + 257) * 0x9E37_79B9_7F4A_7C15L;
    }

    private int slot(long hash) {
        return (int) (hash >>> 34) & (slots.length - 1);
    }

    /** Returns the id of the piece with this text, or -1. */
    int find(String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        return find(utf8, 0, utf8.length);
    }

    /** Returns the id of the piece that consists of some bytes, or -1. */
    int find(byte[] text, int from, int to) {
        if (to - from > longest) {
            return -1;
        }
        long hash = 0;
        for (int i = from; i < to; i++) {
            hash = hash(hash, text[i]);
        }
        return find(hash, text, from, to);
    }

    /** Returns the id of the piece that consists of some bytes of this hash, or -1. */
    int find(long hash, byte[] text, int from, int to) {
        for (int slot = slot(hash); slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
            if (((slots[slot] ^ hash) >>> 32) == 0) {
                int id = (int) slots[slot] - 1;
                if (Arrays.equals(bytes, begin(id), ends[id], text, from, to)) {
                    return id;
                }
            }
        }
        return -1;
    }

    /** Returns the end of the longest user-defined piece that begins at a place of a text, or -1. */
    int endOfUserDefined(byte[] text, int from, int to) {
        int end = -1;
        if (userDefined[text[from] & 0xFF]) {
            long hash = 0;
            for (int i = from; i < Math.min(to, from + longest); i++) {
                hash = hash(hash, text[i]);
                int id = find(hash, text, from, i + 1);
                if (id >= 0 && kinds[id] == Kind.USER_DEFINED) {
                    end = i + 1;
                }
            }
        }
        return end;
    }

    /** Returns the id of the first piece with this text, whatever its kind, or -1. */
    int indexOf(String text) {
        byte[] wanted = text.getBytes(UTF_8);
        int id = 0;
        while (id < size && !Arrays.equals(bytes, begin(id), ends[id], wanted, 0, wanted.length)) {
            id++;
        }
        return id == size ? -1 : id;
    }

    /** Returns the ids of the pieces of single bytes, -1 for those that are missing. */
    int[] byteIds() {
        int[] ids = new int[256];
        Arrays.fill(ids, -1);
        for (int id = 0; id < size; id++) {
            if (kinds[id] == Kind.BYTE && BYTE.matcher(text(id)).matches()) {
                ids[byteOf(id)] = id;
            }
        }
        return ids;
    }

    /** Returns the byte that a piece of one byte stands for. */
    int byteOf(int id) {
        return Integer.parseInt(text(id).substring(3, 5), 16);
    }

    private int begin(int id) {
        return id == 0 ? 0 : ends[id - 1];
    }

    /** Returns the end of the character that begins at a place of UTF-8. */
    static int endOfCharacter(byte[] text, int from, int to) {
        int end = from + 1;
        while (end < to && isInner(text[end])) {
            end++;
        }
        return end;
    }

    /** Returns true for a byte within a character of UTF-8. */
    static boolean isInner(byte next) {
        return (next & 0xC0) == 0x80;
    }

    String text(int id) {
        return new String(bytes, begin(id), ends[id] - begin(id), UTF_8);
    }

    private InputException wrong(int id, String problem) {
        return new InputException("piece %d \"%s\": %s".formatted(id, SafeText.shortened(text(id), SHOWN), problem));
    }

    double score(int id) {
        return scores[id];
    }

    Kind kind(int id) {
        return kinds[id];
    }

    int size() {
        return size;
    }

    /** Returns the number of bytes of the longest piece that a text may contain. */
    int longest() {
        return longest;
    }
}
