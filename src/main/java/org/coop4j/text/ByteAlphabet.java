package org.coop4j.text;

import java.util.Arrays;

/**
 * The printable character that stands for each byte in a byte-level vocabulary.
 *
 * <p>Bytes 33–126, 161–172 and 174–255 stand for themselves, in that order; the other 68,
 * ascending, are U+0100, U+0101, …. That order also numbers the first 256 symbols of CLIP's
 * vocabulary.
 */
final class ByteAlphabet {
    private static final int SIZE = 256;

    private final char[] charOfByte = new char[SIZE];
    private final int[] byteOfChar = new int[2 * SIZE];
    private final char[] inOrder = new char[SIZE];

    ByteAlphabet() {
        Arrays.fill(byteOfChar, -1);
        int order = 0;
        for (int b = 0; b < SIZE; b++) {
            if (isPrintable(b)) {
                assign(order++, b, (char) b);
            }
        }
        int spare = SIZE;
        for (int b = 0; b < SIZE; b++) {
            if (!isPrintable(b)) {
                assign(order++, b, (char) spare++);
            }
        }
    }

    private static boolean isPrintable(int b) {
        return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE);
    }

    private void assign(int order, int b, char c) {
        inOrder[order] = c;
        charOfByte[b] = c;
        byteOfChar[c] = b;
    }

    /** The characters in vocabulary order: "!" first, the one of byte 173 last. */
    char[] inOrder() {
        return inOrder.clone();
    }

    char charOf(byte b) {
        return charOfByte[b & 0xFF];
    }

    /** The byte 0–255 that the character stands for, or -1. */
    int byteOf(char c) {
        return c < byteOfChar.length ? byteOfChar[c] : -1;
    }
}
