package org.coop4j.image.webp;

import org.coop4j.image.ImageException;

/** Decodes the coefficients of one 4 x 4 block (RFC 6386, section 13). */
final class Vp8Coefficients {
    private static final int[] BAND = {0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0};
    private static final int[] ZIGZAG = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};

    /** Probabilities of the extra bits of the four categories of large values. */
    private static final int[][] LARGE = {
        {173, 148, 140},
        {176, 155, 140, 135},
        {180, 157, 141, 134, 130},
        {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
    };

    private Vp8Coefficients() {}

    /**
     * Decodes a block.
     *
     * @param probabilities of the block's type, [bands][contexts][11]
     * @param context how many of the blocks above and on the left have coefficients
     * @param first index of the first coefficient: 1 where the DC is coded elsewhere
     * @param target receives the coefficients times their steps, in raster order
     * @param at where the block begins in the target
     * @return the index behind the last coefficient in zigzag order, {@code first} where there is
     *     none
     */
    static int decode(
            BoolDecoder in,
            int[][][] probabilities,
            int context,
            int first,
            int dcStep,
            int acStep,
            int[] target,
            int at)
            throws ImageException {
        int n = first;
        int[] p = probabilities[BAND[n]][context];
        while (n < 16) {
            if (in.bit(p[0]) == 0) {
                return n;
            }
            while (in.bit(p[1]) == 0) {
                n++;
                if (n == 16) {
                    return 16;
                }
                p = probabilities[BAND[n]][0];
            }
            int value = in.bit(p[2]) == 0 ? 1 : large(in, p);
            int signed = in.flag() ? -value : value;
            target[at + ZIGZAG[n]] = (short) (signed * (n > 0 ? acStep : dcStep)); // as libwebp
            n++;
            p = probabilities[BAND[n]][value == 1 ? 1 : 2];
        }
        return 16;
    }

    private static int large(BoolDecoder in, int[] p) throws ImageException {
        if (in.bit(p[3]) == 0) {
            return in.bit(p[4]) == 0 ? 2 : 3 + in.bit(p[5]);
        }
        if (in.bit(p[6]) == 0) {
            if (in.bit(p[7]) == 0) {
                return 5 + in.bit(159);
            }
            int high = in.bit(165);
            return 7 + 2 * high + in.bit(145);
        }
        int high = in.bit(p[8]);
        int category = 2 * high + in.bit(p[9 + high]);
        int extra = 0;
        for (int probability : LARGE[category]) {
            extra = extra << 1 | in.bit(probability);
        }
        return 3 + (8 << category) + extra;
    }
}
