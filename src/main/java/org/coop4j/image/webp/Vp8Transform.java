package org.coop4j.image.webp;

/** The inverse transforms of VP8 (RFC 6386, section 14). */
final class Vp8Transform {
    private Vp8Transform() {}

    /**
     * Inverts the Walsh-Hadamard transform of the luma DCs.
     *
     * @param in 16 coefficients
     * @param blocks [16 blocks, 16]: receives the DC of each block
     */
    static void inverseWalshHadamard(int[] in, int[] blocks) {
        int[] t = new int[16];
        for (int i = 0; i < 4; i++) {
            int a0 = in[i] + in[12 + i];
            int a1 = in[4 + i] + in[8 + i];
            int a2 = in[4 + i] - in[8 + i];
            int a3 = in[i] - in[12 + i];
            t[i] = a0 + a1;
            t[4 + i] = a3 + a2;
            t[8 + i] = a0 - a1;
            t[12 + i] = a3 - a2;
        }
        for (int i = 0; i < 4; i++) {
            int dc = t[4 * i] + 3;
            int a0 = dc + t[4 * i + 3];
            int a1 = t[4 * i + 1] + t[4 * i + 2];
            int a2 = t[4 * i + 1] - t[4 * i + 2];
            int a3 = dc - t[4 * i + 3];
            int at = 64 * i;
            blocks[at] = (short) ((a0 + a1) >> 3);
            blocks[at + 16] = (short) ((a3 + a2) >> 3);
            blocks[at + 32] = (short) ((a0 - a1) >> 3);
            blocks[at + 48] = (short) ((a3 - a2) >> 3);
        }
    }

    /**
     * Adds the inverse DCT of a block to its prediction.
     *
     * @param in holds the block's 16 coefficients at {@code at}
     * @param plane holds the prediction at {@code offset}, rows {@code stride} apart
     */
    static void addInverseDct(int[] in, int at, byte[] plane, int offset, int stride) {
        int[] t = new int[16];
        for (int i = 0; i < 4; i++) {
            int a = in[at + i] + in[at + 8 + i];
            int b = in[at + i] - in[at + 8 + i];
            int c = sine(in[at + 4 + i]) - cosine(in[at + 12 + i]);
            int d = cosine(in[at + 4 + i]) + sine(in[at + 12 + i]);
            t[4 * i] = a + d;
            t[4 * i + 1] = b + c;
            t[4 * i + 2] = b - c;
            t[4 * i + 3] = a - d;
        }
        for (int row = 0; row < 4; row++) {
            int dc = t[row] + 4;
            int a = dc + t[8 + row];
            int b = dc - t[8 + row];
            int c = sine(t[4 + row]) - cosine(t[12 + row]);
            int d = cosine(t[4 + row]) + sine(t[12 + row]);
            int to = offset + row * stride;
            add(plane, to, (a + d) >> 3);
            add(plane, to + 1, (b + c) >> 3);
            add(plane, to + 2, (b - c) >> 3);
            add(plane, to + 3, (a - d) >> 3);
        }
    }

    /** sqrt(2) cos(pi / 8) times the value. */
    private static int cosine(int value) {
        return ((value * 20091) >> 16) + value;
    }

    /** sqrt(2) sin(pi / 8) times the value. */
    private static int sine(int value) {
        return (value * 35468) >> 16;
    }

    private static void add(byte[] plane, int at, int difference) {
        plane[at] = (byte) Math.max(0, Math.min(255, (plane[at] & 0xFF) + difference));
    }
}
