package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class CutMixTest {

    private static final int SIDE = 7;
    private static final int PIXELS = 3 * SIDE * SIDE;
    private static final int[] CLASSES = {4, -1, 4, 0, -1, 2, 9, 9};

    private static CutMix mix(double share, long seed) {
        return new CutMix(share, CLASSES, SIDE, new SplittableRandom(seed));
    }

    /** Every pixel of a picture is its number. */
    private static FloatBuffer images() {
        FloatBuffer images = FloatBuffer.allocate(CLASSES.length * PIXELS);
        for (int i = 0; i < images.capacity(); i++) {
            int picture = i / PIXELS;
            images.put(i, picture);
        }
        return images;
    }

    /** The targets of pictures each of which is right alone. */
    private static float[] identity() {
        int n = CLASSES.length;
        float[] targets = new float[n * n];
        for (int i = 0; i < n; i++) {
            targets[i * n + i] = 1;
        }
        return targets;
    }

    @Test
    void targetsAreTheSharesOfThePixels() {
        int n = CLASSES.length;
        int several = 0;
        for (int seed = 0; seed < 50; seed++) {
            CutMix mix = mix(1, seed);
            FloatBuffer images = images();
            mix.exchange(images);
            float[] targets = mix.mixed(identity());
            for (int picture = 0; picture < n; picture++) {
                double[] shares = new double[n];
                for (int i = 0; i < PIXELS; i++) {
                    shares[(int) images.get(picture * PIXELS + i)] += 1.0 / PIXELS;
                }
                for (int of = 0; of < n; of++) {
                    assertThat((double) targets[picture * n + of]).isCloseTo(shares[of], Offset.offset(1e-6));
                }
                several += shares[picture] > 0.01 && shares[picture] < 0.99 ? 1 : 0;
            }
        }
        assertThat(several).isGreaterThan(150);
    }

    @Test
    void picturesWithoutAClassStayWhole() {
        CutMix mix = mix(1, 3);
        FloatBuffer images = images();
        mix.exchange(images);
        for (int picture : new int[] {1, 4}) {
            for (int i = 0; i < PIXELS; i++) {
                assertThat(images.get(picture * PIXELS + i)).isEqualTo(picture);
            }
        }
        assertThat(Arrays.equals(images.array(), images().array())).isFalse();
        mix.exchange(images);
        assertThat(images.array()).isEqualTo(images().array());
    }

    @Test
    void aShareOfThePairsIsMixed() {
        int changed = 0;
        for (int seed = 0; seed < 400; seed++) {
            float[] targets = mix(0.3, seed).mixed(identity());
            changed += targets[0] < 1 ? 1 : 0;
            assertThat(mix(0, seed).mixed(identity())).isEqualTo(identity());
        }
        assertThat(changed).isBetween(80, 140);
    }
}
