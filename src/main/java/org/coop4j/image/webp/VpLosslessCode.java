package org.coop4j.image.webp;

import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;

/** A canonical prefix code of lossless WebP, read least significant bit first. */
final class VpLosslessCode {
    static final int MAX_LENGTH = 15;
    private static final int ROOT_BITS = 8;

    /** The symbol if the code has only one, which takes no bits; else -1. */
    private final int only;

    /** By the next 8 bits: symbol and, in the low 4 bits, length; 0 where the code is longer. */
    private final char[] root;

    // For longer codes: number of codes of each length, and symbols in the order of their codes.
    private final int[] counts = new int[MAX_LENGTH + 1];
    private final int[] sorted;

    private VpLosslessCode(int[] lengths, int only) {
        this.only = only;
        root = new char[only < 0 ? 1 << ROOT_BITS : 0];
        for (int length : lengths) {
            counts[length]++;
        }
        counts[0] = 0;
        int[] offsets = new int[MAX_LENGTH + 2];
        int[] next = new int[MAX_LENGTH + 2];
        for (int length = 1; length <= MAX_LENGTH; length++) {
            offsets[length + 1] = offsets[length] + counts[length];
            next[length + 1] = (next[length] + counts[length]) << 1;
        }
        sorted = new int[offsets[MAX_LENGTH + 1]];
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            int length = lengths[symbol];
            if (length > 0) {
                sorted[offsets[length]++] = symbol;
                fillRoot(next[length]++, length, symbol);
            }
        }
    }

    private void fillRoot(int code, int length, int symbol) {
        if (length > ROOT_BITS || only >= 0) {
            return;
        }
        int reversed = Integer.reverse(code) >>> (32 - length);
        for (int i = reversed; i < root.length; i += 1 << length) {
            root[i] = (char) (symbol << 4 | length);
        }
    }

    /**
     * Makes the code of the given lengths, 0 for symbols that do not occur.
     *
     * @throws ImageException when the lengths leave bits undefined or define them twice
     */
    static VpLosslessCode of(int[] lengths, ImageSource source) throws ImageException {
        int symbols = 0;
        int last = -1;
        int space = 0;
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            if (lengths[symbol] > 0) {
                symbols++;
                last = symbol;
                space += 1 << (MAX_LENGTH - lengths[symbol]);
            }
        }
        if (symbols != 1 && space != 1 << MAX_LENGTH) {
            throw source.error("is damaged: a prefix code is incomplete");
        }
        return new VpLosslessCode(lengths, symbols == 1 ? last : -1);
    }

    /** The code of one symbol. */
    static VpLosslessCode ofOne(int symbol) {
        return new VpLosslessCode(new int[0], symbol);
    }

    int read(VpLosslessBits in) throws ImageException {
        if (only >= 0) {
            return only;
        }
        int bits = in.peek(MAX_LENGTH);
        int entry = root[bits & (root.length - 1)];
        if (entry != 0) {
            in.skip(entry & 15);
            return entry >> 4;
        }
        int code = 0;
        int first = 0;
        int index = 0;
        for (int length = 1; length <= MAX_LENGTH; length++) {
            code |= bits >> (length - 1) & 1;
            if (code - first < counts[length]) {
                in.skip(length);
                return sorted[index + code - first];
            }
            index += counts[length];
            first = (first + counts[length]) << 1;
            code <<= 1;
        }
        throw new IllegalStateException("a complete code has a symbol for all bits");
    }
}
