package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.model.PreprocessConfig.Interpolation.BICUBIC;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.image.TrainTransform.View;
import org.coop4j.model.PreprocessConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreprocessingTest {
    private static final float SIX_DIGITS = 1e-6f;

    @Test
    void blackAndWhiteHaveThePublishedValues() {
        Preprocessing one = Preprocessing.clip(1);
        assertTensor(one.toTensor(pixel(0, 0, 0)), -1.792263f, -1.752097f, -1.480220f);
        assertTensor(one.toTensor(pixel(255, 255, 255)), 1.930336f, 2.074884f, 2.145897f);
    }

    private static void assertTensor(float[] tensor, float red, float green, float blue) {
        assertThat(tensor).hasSize(3);
        assertThat(tensor[0]).isCloseTo(red, within(SIX_DIGITS));
        assertThat(tensor[1]).isCloseTo(green, within(SIX_DIGITS));
        assertThat(tensor[2]).isCloseTo(blue, within(SIX_DIGITS));
    }

    @Test
    void imageOfAnotherSizeIsRefused() {
        assertThrown(
                IllegalArgumentException.class, () -> Preprocessing.clip(2).toTensor(pixel(0, 0, 0)), "1 x 1", "2 x 2");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 1e-60, Double.NaN, Double.POSITIVE_INFINITY})
    void deviationThatCannotDivideIsRefused(double std) {
        List<Double> mean = List.of(0.0, 0.0, 0.0);
        assertThrown(
                IllegalArgumentException.class,
                () -> new PreprocessConfig(224, mean, List.of(1.0, std, 1.0), false, BICUBIC),
                "std");
    }

    @Test
    void sizesAreChecked() {
        assertThrown(Exception.class, () -> Preprocessing.clip(0), "image size", "0");
    }

    private static RgbImage pixel(int red, int green, int blue) {
        return new RgbImage(1, 1, new byte[] {(byte) red, (byte) green, (byte) blue});
    }

    private static final String FOLDER = "/golden/text_image/";

    static List<String> goldenImages() throws IOException {
        List<String> names = new ArrayList<>();
        byte[] json = GoldenImages.bytes(FOLDER + "preprocess.json");
        for (JsonNode image : new ObjectMapper().readTree(json)) {
            names.add(image.get("name").asText());
        }
        assertThat(names).hasSize(11);
        return names;
    }

    @ParameterizedTest
    @MethodSource("goldenImages")
    void everyGoldenImageHasPillowsPixels(String name) throws IOException {
        String file = name + ".png";
        RgbImage image = new ImageDecoder().decode(GoldenImages.bytes(FOLDER + file), file);
        for (int size : new int[] {224, 32}) {
            RgbImage wanted = GoldenImages.expected(FOLDER + name + "." + size + ".png");
            Preprocessing preprocessing = Preprocessing.clip(size);
            assertThat(preprocessing.fitted(image)).isEqualTo(wanted);
        }
    }

    /** The longer side after the resize, and what is cut off before the centre. */
    @ParameterizedTest
    @CsvSource({
        "8, 9, 0", // margin 1: 0.5 rounds to even 0
        "8, 11, 2", // margin 3: 1.5 rounds to even 2
        "8, 13, 2", // margin 5: 2.5 rounds to even 2
        "8, 15, 4" // margin 7: 3.5 rounds to even 4
    })
    void marginIsRoundedHalfToEven(int size, int height, int margin) {
        RgbImage image = PreprocessingTest.noise(size, height, 1);
        RgbImage wanted = PillowResize.resize(image, size, height, new CropBox(0, margin, size, size), BICUBIC);
        assertThat(Preprocessing.clip(size).fitted(image)).isEqualTo(wanted);
    }

    @Test
    void longerSideIsTruncated() {
        RgbImage image = PreprocessingTest.noise(100, 67, 1); // 32 * 100 / 67 = 47.76
        RgbImage wanted = PillowResize.resize(image, 47, 32, new CropBox(8, 0, 32, 32), BICUBIC);
        assertThat(Preprocessing.clip(32).fitted(image)).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 2", "1, 5000", "5000, 1", "32, 32", "31, 33"})
    void everyShapeBecomesTheModelsSize(int width, int height) {
        RgbImage image = PreprocessingTest.noise(width, height, 1);
        RgbImage seen = Preprocessing.clip(32).fitted(image);
        assertThat(seen.width()).isEqualTo(32);
        assertThat(seen.height()).isEqualTo(32);
    }

    @Test
    void imageTooNarrowForItsLengthIsRefused() {
        RgbImage image = PreprocessingTest.noise(10_000_000, 1, 1);
        assertThrown(
                IllegalArgumentException.class, () -> Preprocessing.clip(224).fitted(image), "10000000 x 1");
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

    private static final int DRAWS = 20_000;
    private final TrainTransform transform = new TrainTransform(Preprocessing.clip(16));

    private List<View> draw(int width, int height, int count) {
        SplittableRandom random = new SplittableRandom(1);
        List<View> views = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            views.add(transform.draw(width, height, random));
        }
        return views;
    }

    @ParameterizedTest
    @CsvSource({"500, 375", "375, 500", "224, 224", "640, 100", "7, 5", "1, 1", "1, 900"})
    void cropsLieWithinTheImage(int width, int height) {
        for (View view : draw(width, height, 2000)) {
            CropBox box = view.crop();
            assertThat(box.left() + box.width()).isLessThanOrEqualTo(width);
            assertThat(box.top() + box.height()).isLessThanOrEqualTo(height);
        }
    }

    @Test
    void areasAndRatiosKeepTheirBounds() {
        double area = 500 * 375;
        for (View view : draw(500, 375, DRAWS)) {
            CropBox box = view.crop();
            // Rounding of the sides moves area and ratio by up to a pixel's share.
            assertThat(box.width() * box.height() / area).isBetween(0.078, 1.0);
            assertThat((double) box.width() / box.height()).isBetween(0.745, 1.345);
        }
    }

    /**
     * On a large square image with crops of at most a quarter of its area no attempt is rejected:
     * the area is uniform, the logarithm of the ratio is uniform around 0, and the centre is the
     * image's on average.
     */
    @Test
    void areaLogRatioAndPlaceAreUniform() {
        SplittableRandom random = new SplittableRandom(2);
        double area = 0;
        double logRatio = 0;
        double logRatioSquared = 0;
        double place = 0;
        for (int i = 0; i < DRAWS; i++) {
            CropBox box = TrainTransform.drawCrop(4000, 4000, 0.25, random);
            double log = Math.log((double) box.width() / box.height());
            area += box.width() * (double) box.height() / (4000.0 * 4000);
            logRatio += log;
            logRatioSquared += log * log;
            place += (double) box.left() / (4000 - box.width());
        }
        double width = 2 * Math.log(4.0 / 3);
        // Five standard errors of each mean.
        assertThat(area / DRAWS).isCloseTo(0.165, within(5 * 0.17 / Math.sqrt(12.0 * DRAWS)));
        assertThat(logRatio / DRAWS).isCloseTo(0, within(5 * width / Math.sqrt(12.0 * DRAWS)));
        assertThat(logRatioSquared / DRAWS).isCloseTo(width * width / 12, within(0.002));
        assertThat(place / DRAWS).isCloseTo(0.5, within(5 / Math.sqrt(12.0 * DRAWS)));
    }

    @Test
    void halfOfTheViewsAreFlipped() {
        long flipped = draw(50, 50, DRAWS).stream().filter(View::flipped).count();
        // Five standard deviations of a fair coin.
        assertThat((double) flipped).isCloseTo(DRAWS / 2.0, within(5 * Math.sqrt(DRAWS) / 2));
    }

    @Test
    void everyRowAndColumnCanBeFirst() {
        List<View> views = draw(8, 6, DRAWS);
        assertThat(views.stream().map(v -> v.crop().left() + v.crop().width()).distinct())
                .contains(8);
        assertThat(views.stream().map(v -> v.crop().top() + v.crop().height()).distinct())
                .contains(6);
        assertThat(views.stream().map(v -> v.crop().left()).distinct()).contains(0, 1, 2, 3, 4);
    }

    @Test
    void narrowImagesFallBackToTheirCentre() {
        assertThat(draw(10, 1000, 50)).extracting(View::crop).contains(new CropBox(0, 493, 10, 13));
        assertThat(draw(1000, 10, 50)).extracting(View::crop).contains(new CropBox(493, 0, 13, 10));
    }

    /**
     * Pinned, so that a seed keeps its views from version to version and from runtime to runtime.
     */
    @Test
    void viewsOfASeedAreKept() {
        assertThat(draw(500, 375, 3))
                .containsExactly(
                        new View(new CropBox(62, 61, 360, 313), true),
                        new View(new CropBox(21, 17, 427, 343), false),
                        new View(new CropBox(106, 42, 300, 282), true));
    }

    @Test
    void viewIsCroppedResizedAndFlipped() {
        RgbImage image = PreprocessingTest.noise(60, 40, 1);
        CropBox box = new CropBox(5, 6, 30, 20);
        RgbImage resized = PillowResize.resize(image, box, 16, 16, BICUBIC);
        assertThat(transform.apply(image, new View(box, false))).isEqualTo(resized);
        RgbImage flipped = transform.apply(image, new View(box, true));
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                assertThat(flipped.rgb(x, y)).isEqualTo(resized.rgb(15 - x, y));
            }
        }
    }
}
