package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class HalfSizeTest {

    private static final int SIDE = 4;

    /** The cubic kernel reproduces ramps, so a pixel of an enlarged one is the place of its centre. */
    @Test
    void aPixelInTheMiddleOfAPatchIsThatOfTheEnlargedPicture() {
        for (int row = SIDE - 1; row <= SIDE; row++) {
            for (int column = SIDE - 1; column <= SIDE; column++) {
                float[] small = HalfSize.patches(pixel(row, column), SIDE);
                double sum = 0;
                double across = 0;
                double down = 0;
                for (int y = 0; y < SIDE; y++) {
                    for (int x = 0; x < SIDE; x++) {
                        float weight = small[y * SIDE + x];
                        sum += weight;
                        across += weight * x;
                        down += weight * y;
                    }
                }
                assertThat(sum).isCloseTo(1, within(1e-6));
                assertThat(across).isCloseTo((column + 0.5) / 2 - 0.5, within(1e-6));
                assertThat(down).isCloseTo((row + 0.5) / 2 - 0.5, within(1e-6));
            }
        }
    }

    /** Pillow's weights of the first pixel of an enlarged row are −0.0234, 0.2266, 0.8672 and −0.0703; two of them lie outside. */
    @Test
    void whatLiesInTheNextPatchIsGuessedFromTheNearestPixel() {
        float[] small = HalfSize.patches(pixel(0, SIDE), SIDE);
        double first = 0;
        double second = 0;
        for (int x = 0; x < SIDE; x++) {
            first += small[x];
            second += small[SIDE + x];
        }
        assertThat(first).isCloseTo(0.8671875 + 0.9 * 0.2265625 - 0.81 * 0.0234375, within(1e-6));
        assertThat(second).isCloseTo(-0.0703125, within(1e-6));
    }

    /** Returns a patch of one channel, with one weight. */
    private static float[] pixel(int row, int column) {
        float[] large = new float[4 * SIDE * SIDE];
        large[row * 2 * SIDE + column] = 1;
        return large;
    }
}
