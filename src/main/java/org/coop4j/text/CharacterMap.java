package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * SentencePiece's replacements of characters, such as {@code nmt_nfkc}, which come before the search for pieces: a trie
 * of UTF-8 bytes in the form of the library darts-clone, and the replacements.
 */
final class CharacterMap {
    private static final Pattern CLUSTER = Pattern.compile("\\X");

    /** Bytes of a cluster of characters from which on the tokenizers library applies rules to each character. */
    private static final int LONG_CLUSTER = 6;

    /** More bytes than any published replacement has. */
    private static final int LONGEST = 256;

    private static final int LABEL = 0x8000_00FF;

    private final int[] units;
    private final byte[] replacements; // each ends with a zero

    private CharacterMap(int[] units, byte[] replacements) {
        this.units = units;
        this.replacements = replacements;
    }

    /** Reads a precompiled map; an empty one has no rules. */
    static CharacterMap of(byte[] precompiled) throws IOException {
        if (precompiled.length == 0) {
            return new CharacterMap(new int[0], new byte[0]);
        }
        ByteBuffer map = ByteBuffer.wrap(precompiled).order(ByteOrder.LITTLE_ENDIAN);
        long trie = map.remaining() < 4 ? -1 : Integer.toUnsignedLong(map.getInt());
        require(
                trie > 0 && trie % 4 == 0 && trie <= map.remaining(),
                "character map of %d bytes: its trie does not fit",
                precompiled.length);
        int[] units = new int[(int) (trie / 4)];
        map.asIntBuffer().get(units);
        byte[] replacements = Arrays.copyOfRange(precompiled, (int) trie + 4, precompiled.length);
        require(
                replacements.length > 0 && replacements[replacements.length - 1] == 0,
                "character map of %d bytes: its last replacement has no end",
                precompiled.length);
        int length = 0;
        for (byte next : replacements) {
            length = next == 0 ? 0 : length + 1;
            require(length <= LONGEST, "character map: a replacement of more than %d bytes", LONGEST);
        }
        return new CharacterMap(units, replacements);
    }

    /**
     * Appends the replacement of the longest or shortest rule that begins at a place of a text.
     *
     * @return the end of what is replaced, or -1 if no rule begins there
     */
    private int append(byte[] text, int from, int to, boolean longest, ByteArrayOutputStream out) {
        int end = -1;
        int replacement = replacements.length;
        int node = units.length == 0 ? 0 : offset(units[0]);
        for (int i = from; i < to && (longest || end < 0); i++) {
            node ^= text[i] & 0xFF;
            if (node >= units.length || (units[node] & LABEL) != (text[i] & 0xFF)) {
                break;
            }
            boolean ends = (units[node] & 0x100) != 0;
            node ^= offset(units[node]);
            if (ends && node < units.length) {
                end = i + 1;
                replacement = units[node] & Integer.MAX_VALUE;
            }
        }
        while (replacement < replacements.length && replacements[replacement] != 0) {
            out.write(replacements[replacement++]);
        }
        return end;
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & 0x200) >>> 6);
    }

    /**
     * Appends the replacement of the longest rule that begins at a place of a text, or else the character there.
     *
     * @return the end of what was replaced
     */
    int append(byte[] text, int from, ByteArrayOutputStream out) {
        int end = append(text, from, text.length, true, out);
        return end < 0 ? copy(text, from, out) : end;
    }

    private static int copy(byte[] text, int from, ByteArrayOutputStream out) {
        int end = Pieces.endOfCharacter(text, from, text.length);
        out.write(text, from, end - from);
        return end;
    }

    /**
     * Applies the rules as Rust's tokenizers library does: to clusters of less than six bytes as a whole, so that the
     * rest of a cluster that begins with a rule is lost; in others to each character; the shortest rule first.
     */
    String byClusters(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CLUSTER.matcher(text).results().forEach(match -> {
            byte[] cluster = match.group().getBytes(UTF_8);
            if (cluster.length < LONG_CLUSTER && append(cluster, 0, cluster.length, false, out) >= 0) {
                return;
            }
            for (int from = 0; from < cluster.length; ) {
                int to = Pieces.endOfCharacter(cluster, from, cluster.length);
                from = append(cluster, from, to, false, out) < 0 ? copy(cluster, from, out) : to;
            }
        });
        return out.toString(UTF_8);
    }
}
