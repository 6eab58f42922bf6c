package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.weights.model.PreprocessConfig.Interpolation.BICUBIC;

import java.util.Arrays;
import java.util.Random;
import org.coop4j.image.RgbImage.CropBox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PillowResizeTest {
    private static final int[] ROW = {10, 200, 30, 255, 0, 90, 60, 120};

    @ParameterizedTest
    @CsvSource({
        "4, 92 140 66 91",
        "3, 105 107 79",
        "12, 0 109 188 40 148 236 28 31 91 61 90 124",
        "8, 10 200 30 255 0 90 60 120"
    })
    void rowHasPillowsValues(int width, String values) {
        int[] wanted =
                Arrays.stream(values.split(" ")).mapToInt(Integer::parseInt).toArray();
        RgbImage row = grey(ROW.length, 1, ROW);
        assertThat(greyOf(PillowResize.resize(row, width, 1))).isEqualTo(wanted);
        RgbImage column = grey(1, ROW.length, ROW);
        assertThat(greyOf(PillowResize.resize(column, 1, width))).isEqualTo(wanted);
    }

    @Test
    void weightsArePillows() {
        assertThat(weights(8, 4, 0)).containsExactly(1947982, 1947982, 508932, -157945, -52648);
        assertThat(weights(8, 4, 1)).containsExactly(-145748, 469632, 1797559, 1797559, 469632, -145748, -48583);
        assertThat(weights(8, 3, 1)).containsExactly(-113649, 59548, 732425, 1418827, 1418827, 732425, 59548, -113649);
        assertThat(weights(8, 12, 0)).containsExactly(4470245, -275941);
        assertThat(weights(8, 12, 1)).containsExactly(2220514, 2220514, -246724);
        assertThat(weights(8, 12, 2)).containsExactly(-242726, 3932160, 553415, -48545);
    }

    private static int[] weights(int inputs, int outputs, int output) {
        PillowResize.Kernel kernel = PillowResize.Kernel.of(inputs, outputs, output, 1, BICUBIC);
        return Arrays.copyOf(kernel.weights(), kernel.count()[0]);
    }

    @Test
    void windowIsThatPartOfTheWholeResult() {
        RgbImage image = noise(70, 50, 4);
        CropBox window = new CropBox(11, 3, 30, 20);
        for (int[] size : new int[][] {{41, 23}, {200, 100}, {70, 50}}) {
            RgbImage whole = PillowResize.resize(image, size[0], size[1]);
            RgbImage part = PillowResize.resize(image, size[0], size[1], window, BICUBIC);
            assertThat(part).isEqualTo(crop(whole, window));
        }
    }

    @Test
    void pixelsOutsideOfTheCropHaveNoEffect() {
        RgbImage image = noise(70, 50, 5);
        CropBox box = new CropBox(13, 7, 40, 31);
        RgbImage resized = PillowResize.resize(image, box, 24, 24, BICUBIC);
        assertThat(resized).isEqualTo(PillowResize.resize(crop(image, box), 24, 24));
    }

    @Test
    void hugeEnlargementCostsOnlyItsWindow() {
        RgbImage image = grey(2, 3, new int[] {50, 50, 50, 50, 50, 50});
        CropBox window = new CropBox(400_000, 999_999_000, 3, 2);
        RgbImage part = PillowResize.resize(image, 500_000, 1_000_000_000, window, BICUBIC);
        assertThat(greyOf(part)).containsOnly(50);
    }

    @Test
    void boxesBeyondTheImageAreRefused() {
        RgbImage image = noise(10, 10, 7);
        assertThrown(
                IllegalArgumentException.class,
                () -> PillowResize.resize(image, new CropBox(5, 0, 6, 10), 4, 4, BICUBIC),
                "10 x 10");
        assertThrown(
                IllegalArgumentException.class,
                () -> PillowResize.resize(image, 4, 4, new CropBox(Integer.MAX_VALUE, 0, 4, 4), BICUBIC));
    }

    private static RgbImage crop(RgbImage image, CropBox box) {
        byte[] rgb = new byte[3 * box.width() * box.height()];
        for (int y = 0; y < box.height(); y++) {
            int from = 3 * ((box.top() + y) * image.width() + box.left());
            System.arraycopy(image.samples(), from, rgb, 3 * y * box.width(), 3 * box.width());
        }
        return new RgbImage(box.width(), box.height(), rgb);
    }

    static RgbImage noise(int width, int height, long seed) {
        byte[] rgb = new byte[3 * width * height];
        new Random(seed).nextBytes(rgb);
        return new RgbImage(width, height, rgb);
    }

    private static RgbImage grey(int width, int height, int[] values) {
        byte[] rgb = new byte[3 * values.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) values[i / 3];
        }
        return new RgbImage(width, height, rgb);
    }

    private static int[] greyOf(RgbImage image) {
        int[] values = new int[image.width() * image.height()];
        for (int i = 0; i < values.length; i++) {
            int rgb = image.rgb(i % image.width(), i / image.width());
            assertThat(rgb & 0xFF).isEqualTo(rgb >> 16).isEqualTo((rgb >> 8) & 0xFF);
            values[i] = rgb & 0xFF;
        }
        return values;
    }
}
