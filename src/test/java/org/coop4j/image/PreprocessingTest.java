package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.weights.model.PreprocessConfig.Interpolation.BICUBIC;

import java.util.List;
import org.coop4j.weights.model.PreprocessConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
}
