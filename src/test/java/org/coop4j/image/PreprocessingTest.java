package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.weights.model.PreprocessConfig.Interpolation.BICUBIC;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.PreprocessConfig;
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
    void operationsAreFloat32InPyTorchsOrder() {
        float mean = (float) 0.48145466;
        float std = (float) 0.26862954;
        for (int sample = 0; sample < 256; sample++) {
            float scaled = sample / 255f;
            float centred = scaled - mean;
            float wanted = centred / std;
            assertThat(Preprocessing.clip(1).toTensor(pixel(sample, 0, 0))[0]).isEqualTo(wanted);
        }
    }

    @Test
    void planesFollowEachOther() {
        RgbImage image = new RgbImage(2, 2, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
        Preprocessing plain = new Preprocessing(
                new PreprocessConfig(2, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0), false, BICUBIC));
        float[] tensor = plain.toTensor(image);
        int[] samples = {1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12};
        for (int i = 0; i < samples.length; i++) {
            assertThat(tensor[i]).isEqualTo(samples[i] / 255f);
        }
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
    private static final String PE_CORE = "/golden/pe_core/";

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

    /**
     * The reference resizes before it converts to RGB, which makes no difference to these; where it does, the difference
     * is known.
     */
    @ParameterizedTest
    @ValueSource(strings = {"wide", "tall", "small", "grey", "alpha", "palette"})
    void bilinearSquashIsPillows(String name) throws IOException {
        JsonNode known = new ObjectMapper()
                .readTree(GoldenImages.bytes(PE_CORE + "pictures.json"))
                .get(name);
        RgbImage image = new ImageDecoder().decode(GoldenImages.bytes(PE_CORE + name + ".png"), name);
        for (int size : new int[] {32, 40}) {
            ClipConfig.Vit vit = new ClipConfig.Vit(size, 8, 64, 1, 1, 64, new ClipConfig.PeCore(true, 8, 64));
            ClipConfig model = new ClipConfig(8, vit, new ClipConfig.Text(32, 8, 8, 1, 1, 8));
            RgbImage fitted = new Preprocessing(PreprocessConfig.published(model)).fitted(image);
            RgbImage wanted = GoldenImages.expected(PE_CORE + name + "." + size + ".png");
            int difference = 0;
            for (int i = 0; i < fitted.samples().length; i++) {
                difference =
                        Math.max(difference, Math.abs((fitted.samples()[i] & 0xFF) - (wanted.samples()[i] & 0xFF)));
            }
            assertThat(fitted.samples()).hasSameSizeAs(wanted.samples());
            assertThat(difference)
                    .isEqualTo(known.get(String.valueOf(size))
                            .get("rgb_first_differs_by")
                            .asInt());
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
        RgbImage image = PillowResizeTest.noise(size, height, 1);
        RgbImage wanted = PillowResize.resize(image, size, height, new CropBox(0, margin, size, size), BICUBIC);
        assertThat(Preprocessing.clip(size).fitted(image)).isEqualTo(wanted);
    }

    @Test
    void longerSideIsTruncated() {
        RgbImage image = PillowResizeTest.noise(100, 67, 1); // 32 * 100 / 67 = 47.76
        RgbImage wanted = PillowResize.resize(image, 47, 32, new CropBox(8, 0, 32, 32), BICUBIC);
        assertThat(Preprocessing.clip(32).fitted(image)).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 2", "1, 5000", "5000, 1", "32, 32", "31, 33"})
    void everyShapeBecomesTheModelsSize(int width, int height) {
        RgbImage image = PillowResizeTest.noise(width, height, 1);
        RgbImage seen = Preprocessing.clip(32).fitted(image);
        assertThat(seen.width()).isEqualTo(32);
        assertThat(seen.height()).isEqualTo(32);
    }

    @Test
    void imageTooNarrowForItsLengthIsRefused() {
        RgbImage image = PillowResizeTest.noise(10_000_000, 1, 1);
        assertThrown(
                IllegalArgumentException.class, () -> Preprocessing.clip(224).fitted(image), "10000000 x 1");
    }

    @Test
    void tensorIsWrittenAtItsOffset() {
        RgbImage image = PillowResizeTest.noise(50, 40, 1);
        Preprocessing preprocessing = Preprocessing.clip(8);
        FloatBuffer batch = FloatBuffer.allocate(3 * 64 * 2 + 1);
        preprocessing.toTensor(preprocessing.fitted(image), batch, 3 * 64);
        float[] tensor = preprocessing.toTensor(preprocessing.fitted(image));
        float[] wanted = new float[batch.capacity()];
        System.arraycopy(tensor, 0, wanted, 3 * 64, 3 * 64);
        assertThat(batch.array()).isEqualTo(wanted);
        assertThat(batch.position()).isZero();
    }
}
