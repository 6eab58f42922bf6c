package org.coop4j.text;

import static org.coop4j.base.InputException.require;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * The rules by which SentencePiece replaces characters before it looks for pieces, such as {@code nmt_nfkc}: a trie of
 * their UTF-8 bytes in the form of the library darts-clone, and their replacements.
 */
final class CharacterMap {
    private static final Pattern CLUSTER = Pattern.compile("\\X");

    /** Bytes of a cluster of characters from which on the tokenizers library applies rules to each character. */
    private static final int LONG_CLUSTER = 6;

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
        return new CharacterMap(units, replacements);
    }

    /** A rule that applies at a place: the end of what it replaces, and the place of its replacement. */
    private record Rule(int end, int replacement) {}

    /** Returns the longest or shortest rule that begins at a place of a text, or null. */
    private Rule rule(byte[] text, int from, int to, boolean longest) {
        Rule found = null;
        int node = units.length == 0 ? 0 : offset(units[0]);
        for (int i = from; i < to && (longest || found == null); i++) {
            node ^= text[i] & 0xFF;
            if (node >= units.length || (units[node] & LABEL) != (text[i] & 0xFF)) {
                break;
            }
            boolean ends = (units[node] & 0x100) != 0;
            node ^= offset(units[node]);
            if (node >= units.length) {
                break;
            }
            int replacement = units[node] & 0x7FFF_FFFF;
            if (ends && replacement < replacements.length) {
                found = new Rule(i + 1, replacement);
            }
        }
        return found;
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & 0x200) >>> 6);
    }

    private void append(Rule rule, ByteArrayOutputStream out) {
        for (int i = rule.replacement; replacements[i] != 0; i++) {
            out.write(replacements[i]);
        }
    }

    /**
     * Appends the replacement of the longest rule that begins at a place of a text, or else the character there.
     *
     * @return the end of what was replaced
     */
    int append(byte[] text, int from, ByteArrayOutputStream out) {
        Rule rule = rule(text, from, text.length, true);
        if (rule == null) {
            int end = Pieces.endOfCharacter(text, from, text.length);
            out.write(text, from, end - from);
            return end;
        }
        append(rule, out);
        return rule.end;
    }

    /**
     * Applies the rules as Rust's tokenizers library does: to clusters of less than six bytes as a whole, so that the
     * rest of a cluster that begins with a rule is lost; in others to each character; the shortest rule first.
     */
    String byClusters(String text) {
        UnaryOperator<String> cluster = characters -> {
            byte[] bytes = characters.getBytes(StandardCharsets.UTF_8);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            Rule whole = bytes.length < LONG_CLUSTER ? rule(bytes, 0, bytes.length, false) : null;
            if (whole != null) {
                append(whole, out);
                return out.toString(StandardCharsets.UTF_8);
            }
            for (int i = 0; i < bytes.length; ) {
                int end = Pieces.endOfCharacter(bytes, i, bytes.length);
                Rule rule = rule(bytes, i, end, false);
                if (rule == null) {
                    out.write(bytes, i, end - i);
                } else {
                    append(rule, out);
                }
                i = end;
            }
            return out.toString(StandardCharsets.UTF_8);
        };
        StringBuilder all = new StringBuilder();
        CLUSTER.matcher(text).results().forEach(match -> all.append(cluster.apply(match.group())));
        return all.toString();
    }
}
