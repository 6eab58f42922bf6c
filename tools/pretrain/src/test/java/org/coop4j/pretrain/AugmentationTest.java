package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.coop4j.image.PillowResize;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AugmentationTest {

    private static final int SIZE = 8;
    private static final Preprocessing PREPROCESSING = Preprocessing.clip(SIZE);
    private static final Augmentation.View PLAIN = Augmentation.none().draw(new SplittableRandom(1));

    private static float[] apply(RgbImage image, Augmentation.View view) {
        FloatBuffer target = FloatBuffer.allocate(PREPROCESSING.tensorLength() + 1);
        Augmentation.apply(image, view, PREPROCESSING, target, 1);
        return Arrays.copyOfRange(target.array(), 1, target.capacity());
    }

    private static RgbImage noise(int width, int height) {
        byte[] samples = new byte[3 * width * height];
        new Random(4).nextBytes(samples);
        return new RgbImage(width, height, samples);
    }

    private static Augmentation.View moved(double zoom, double right, double down, boolean flipped, double radians) {
        return new Augmentation.View(zoom, right, down, flipped, radians, 1, 1, 1, 0);
    }

    /** Shades so near to each other that the kernel's overshoot is never cut. */
    private static RgbImage soft(int width, int height) {
        byte[] samples = noise(width, height).samples();
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (byte) (128 + samples[i] / 4);
        }
        return new RgbImage(width, height, samples);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 11, 16, 25})
    void withoutAnyChangeTheViewIsThatOfTheTestTransform(int side) {
        RgbImage image = soft(side, side);
        assertSeen(apply(image, PLAIN), PillowResize.resize(image, SIZE, SIZE), 0);
    }

    @Test
    void longerPicturesAreSeenInTheirCentre() {
        RgbImage image = soft(2 * SIZE + 4, 2 * SIZE);
        assertSeen(apply(image, PLAIN), PillowResize.resize(image, SIZE + 2, SIZE), 1);
    }

    /** Red is that of the picture starting at a column, which was rounded twice. */
    private static void assertSeen(float[] seen, RgbImage picture, int column) {
        for (int i = 0; i < SIZE * SIZE; i++) {
            float red = 255 * (seen[i] * PREPROCESSING.std(0) + PREPROCESSING.mean(0));
            int expected = picture.rgb(column + i % SIZE, i / SIZE) >> 16 & 0xFF;
            assertThat(red).as("pixel " + i).isCloseTo(expected, Offset.offset(1.2f));
        }
    }

    @Test
    void mirrorShiftAndQuarterTurnMovePixels() {
        RgbImage image = noise(2 * SIZE, 2 * SIZE);
        float[] plain = apply(image, PLAIN);
        float[] flipped = apply(image, moved(1, 0, 0, true, 0));
        float[] shifted = apply(image, moved(1, 0.25, -0.125, false, 0));
        float[] turned = apply(image, moved(1, 0, 0, false, Math.PI / 2));
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                float value = plain[y * SIZE + x];
                Offset<Float> near = Offset.offset(1e-4f);
                assertThat(flipped[y * SIZE + SIZE - 1 - x]).isCloseTo(value, near);
                if (x + 2 < SIZE && y >= 1) {
                    assertThat(shifted[(y - 1) * SIZE + x + 2]).isCloseTo(value, near);
                }
                assertThat(turned[(SIZE - 1 - x) * SIZE + y]).isCloseTo(value, near);
            }
        }
    }

    @Test
    void beyondTheEdgeIsTheColourOfTheEdge() {
        byte[] white = new byte[3 * 16 * 16];
        Arrays.fill(white, (byte) 255);
        float[] plain = apply(new RgbImage(16, 16, white), PLAIN);
        float[] small = apply(new RgbImage(16, 16, white), moved(0.5, 0.3, 0.3, false, 0.4));
        for (int i = 0; i < plain.length; i++) {
            assertThat(small[i]).isCloseTo(plain[i], Offset.offset(1e-5f));
        }
    }

    @Test
    void withoutSaturationAllChannelsAreTheGrey() {
        Augmentation.View view = new Augmentation.View(1, 0, 0, false, 0, 1, 1, 0, 0);
        float[] seen = apply(noise(16, 16), view);
        int pixels = SIZE * SIZE;
        for (int i = 0; i < pixels; i++) {
            float red = seen[i] * PREPROCESSING.std(0) + PREPROCESSING.mean(0);
            float green = seen[i + pixels] * PREPROCESSING.std(1) + PREPROCESSING.mean(1);
            assertThat(red).isCloseTo(green, Offset.offset(1e-5f));
        }
    }

    @Test
    void aThirdOfATurnOfTheHueMovesRedToGreenToBlueToRed() {
        byte[] samples = new byte[3 * 16 * 16];
        for (int i = 0; i < samples.length; i += 3) {
            samples[i] = (byte) 200;
            samples[i + 1] = 90;
            samples[i + 2] = 30;
        }
        double third = 2 * Math.PI / 3;
        Augmentation.View view = new Augmentation.View(1, 0, 0, false, 0, 1, 1, 1, third);
        float[] seen = apply(new RgbImage(16, 16, samples), view);
        int pixels = SIZE * SIZE;
        int[] expected = {30, 200, 90};
        for (int c = 0; c < 3; c++) {
            float std = PREPROCESSING.std(c);
            float value = 255 * (seen[c * pixels] * std + PREPROCESSING.mean(c));
            assertThat(value).isCloseTo(expected[c], Offset.offset(1e-2f));
        }
    }

    @Test
    void aTurnOfTheHueKeepsGreysAndTheMeanOfTheChannels() {
        byte[] samples = new byte[3 * 16 * 16];
        new Random(5).nextBytes(samples);
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (byte) (100 + samples[i] / 8); // far from the ends, where colours are cut
        }
        RgbImage image = new RgbImage(16, 16, samples);
        float[] turned = apply(image, new Augmentation.View(1, 0, 0, false, 0, 1, 1, 1, 0.6));
        float[] plain = apply(image, PLAIN);
        float[] grey = apply(image, new Augmentation.View(1, 0, 0, false, 0, 1, 1, 0, 0.6));
        float[] plainGrey = apply(image, new Augmentation.View(1, 0, 0, false, 0, 1, 1, 0, 0));
        int pixels = SIZE * SIZE;
        for (int i = 0; i < pixels; i++) {
            assertThat(meanOfChannels(turned, i)).isCloseTo(meanOfChannels(plain, i), Offset.offset(1e-5f));
        }
        assertThat(turned).isNotEqualTo(plain);
        assertThat(grey).usingComparatorWithPrecision(1e-5f).containsExactly(plainGrey);
    }

    private static float meanOfChannels(float[] planes, int pixel) {
        float sum = 0;
        for (int c = 0; c < 3; c++) {
            float value = planes[pixel + c * SIZE * SIZE];
            sum += value * PREPROCESSING.std(c) + PREPROCESSING.mean(c);
        }
        return sum / 3;
    }

    @Test
    void drawsStayWithinTheirBounds() {
        Augmentation augmentation = new Augmentation(0.8, 1.25, 0.1, 0.5, 10, 0.2, 0.3, 0.4, 40);
        SplittableRandom random = new SplittableRandom(8);
        int flips = 0;
        for (int i = 0; i < 1000; i++) {
            Augmentation.View view = augmentation.draw(random);
            assertThat(view.zoom()).isBetween(0.8, 1.25);
            assertThat(Math.abs(view.right())).isLessThanOrEqualTo(0.1);
            assertThat(Math.abs(view.radians())).isLessThanOrEqualTo(Math.toRadians(10));
            assertThat(view.saturation()).isBetween(0.6, 1.4);
            assertThat(Math.abs(view.hueRadians())).isLessThanOrEqualTo(Math.toRadians(40));
            flips += view.flipped() ? 1 : 0;
        }
        assertThat(flips).isBetween(430, 570);
    }

    @Test
    void impossibleBoundsAreRefused() {
        assertThatThrownBy(() -> new Augmentation(0, 1, 0, 0, 0, 0, 0, 0, 0))
                .hasMessageContainingAll("zoom", "0.0", "1.0");
        assertThatThrownBy(() -> new Augmentation(1, 1, 0, 2, 0, 0, 0, 0, 0))
                .hasMessageContainingAll("flip", "2.0", "0 to 1");
    }
}
