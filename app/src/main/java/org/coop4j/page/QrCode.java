package org.coop4j.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Require;

/**
 * A QR code (ISO/IEC 18004) of version 5 with error correction L, which holds a text of up to {@value #MOST} bytes. Any
 * mask may be read; this one is always mask 0.
 */
public final class QrCode {

    /** Most bytes of a text. */
    public static final int MOST = 106;

    private static final int SIDE = 37;
    private static final int DATA = 108;
    private static final int CORRECTION = 26;

    /** Error correction L and mask 0, with their own correction. */
    private static final int FORMAT = 0b111011111000100;

    private final char[][] rows = new char[SIDE][SIDE]; // 0 until it is set

    private QrCode() {}

    /** Returns the rows from the top, with 1 for a dark module; the margin, four modules of white, is not in them. */
    public static List<String> rows(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        Require.that(bytes.length <= MOST, "text for a QR code: expected at most %d bytes, got %d", MOST, bytes.length);
        QrCode code = new QrCode();
        code.patterns();
        code.fill(words(bytes));
        List<String> rows = new ArrayList<>();
        for (char[] row : code.rows) {
            rows.add(new String(row));
        }
        return rows;
    }

    /** Returns the mode, the length, the bytes and the padding, with their Reed-Solomon correction. */
    private static int[] words(byte[] bytes) {
        int[] words = new int[DATA + CORRECTION];
        words[0] = 0x40 | bytes.length >> 4;
        words[1] = (bytes.length & 0xF) << 4;
        for (int i = 0; i < bytes.length; i++) {
            words[i + 1] |= (bytes[i] & 0xFF) >> 4;
            words[i + 2] = (bytes[i] & 0xF) << 4;
        }
        for (int i = bytes.length + 2; i < DATA; i++) {
            words[i] = (i - bytes.length) % 2 == 0 ? 0xEC : 0x11;
        }
        int[] generator = {1};
        for (int i = 0, power = 1; i < CORRECTION; i++, power = times(power, 2)) {
            int[] next = Arrays.copyOf(generator, generator.length + 1);
            for (int j = 0; j < generator.length; j++) {
                next[j + 1] ^= times(generator[j], power);
            }
            generator = next;
        }
        int[] rest = Arrays.copyOf(words, words.length);
        for (int i = 0; i < DATA; i++) {
            int factor = rest[i];
            for (int j = 0; j <= CORRECTION; j++) {
                rest[i + j] ^= times(generator[j], factor);
            }
        }
        System.arraycopy(rest, DATA, words, DATA, CORRECTION);
        return words;
    }

    /** Returns a product in the field of 256 elements. */
    private static int times(int a, int b) {
        int product = 0;
        for (int bit = 7; bit >= 0; bit--) {
            product = product << 1 ^ (product >> 7) * 0x11D ^ (b >> bit & 1) * a;
        }
        return product;
    }

    private void set(int row, int column, boolean dark) {
        rows[row][column] = dark ? '1' : '0';
    }

    private void square(int row, int column, int reach) {
        for (int y = -reach; y <= reach; y++) {
            for (int x = -reach; x <= reach; x++) {
                int ring = Math.max(Math.abs(x), Math.abs(y));
                if (row + y >= 0 && row + y < SIDE && column + x >= 0 && column + x < SIDE) {
                    set(row + y, column + x, reach == 2 ? ring != 1 : ring != 2 && ring != 4);
                }
            }
        }
    }

    private void patterns() {
        for (int i = 0; i < SIDE; i++) {
            set(6, i, i % 2 == 0);
            set(i, 6, i % 2 == 0);
        }
        square(3, 3, 4);
        square(3, SIDE - 4, 4);
        square(SIDE - 4, 3, 4);
        square(SIDE - 7, SIDE - 7, 2);
        for (int i = 0; i < 15; i++) { // from the least significant bit
            boolean dark = (FORMAT >> i & 1) == 1;
            set(i < 6 ? i : i < 8 ? i + 1 : SIDE - 15 + i, 8, dark);
            set(8, i < 8 ? SIDE - 1 - i : i == 8 ? 7 : 14 - i, dark);
        }
        set(SIDE - 8, 8, true);
    }

    /** Fills pairs of columns from the right, upwards and downwards in turn. */
    private void fill(int[] words) {
        int bit = 0;
        for (int right = SIDE - 1; right > 0; right -= right == 8 ? 3 : 2) {
            for (int i = 0; i < SIDE; i++) {
                int row = (right > 6 ? SIDE - 1 - right : right + 1) / 2 % 2 == 0 ? SIDE - 1 - i : i;
                for (int column = right; column > right - 2; column--) {
                    if (rows[row][column] == 0) {
                        int word = bit / 8 < words.length ? words[bit / 8] : 0;
                        boolean dark = ((word >> (7 - bit % 8)) & 1) == 1;
                        bit++;
                        set(row, column, dark ^ (row + column) % 2 == 0);
                    }
                }
            }
        }
    }
}
