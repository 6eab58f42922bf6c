package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.Differences;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Towers of SigLIP and SigLIP 2 against values in float64, in both forms of the same weights. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class SiglipGoldenTest {

    private static final double FEATURES = 5e-6;
    private static final double LOGITS = 3e-4;
    private static final double PROBABILITIES = 1e-5;

    @TempDir
    static Path folder;

    private static FeatureMatrix matrix(SafetensorsFile golden, String name) throws IOException {
        int width = (int) golden.shape(name).dim(golden.shape(name).rank() - 1);
        float[] values = golden.floats(name);
        return FeatureMatrix.of(values.length / width, width, values);
    }

    private static FeatureMatrix images(Clip clip, SafetensorsFile golden) throws IOException {
        int n = (int) golden.shape("pixels").dim(0);
        return clip.encodePixels(FloatBuffer.wrap(golden.floats("pixels")), n);
    }

    @ParameterizedTest
    @CsvSource({
        "siglip1/huggingface, ''",
        "siglip2/huggingface, ''",
        "siglip1/open_clip, open_clip.",
        "siglip2/open_clip, open_clip."
    })
    void featuresLogitsAndProbabilitiesEqualTheReference(String model, String of, Differences differences)
            throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model.replaceFirst("/.*", "/values.safetensors"))) {
            FeatureMatrix images = images(clip, golden);
            FeatureMatrix texts = clip.encodeTokens(GoldenModels.tokens(golden));
            for (var features :
                    Map.of("image_features", images, "text_features", texts).entrySet()) {
                double difference = Differences.absolute(
                        features.getValue().normalized().toArray(),
                        matrix(golden, of + features.getKey()).normalized().toArray());
                assertThat(differences.note("siglip", "unit features, absolute", difference))
                        .isLessThan(FEATURES);
            }
            FeatureMatrix cosines = images.normalized().products(texts.normalized());
            float[] logits = cosines.times(clip.logitScale()).toArray();
            for (int i = 0; i < logits.length; i++) {
                logits[i] += clip.logitBias().orElseThrow();
            }
            double difference = Differences.absolute(logits, golden.floats(of + "logits"));
            assertThat(differences.note("siglip", "logits, absolute", difference))
                    .isLessThan(LOGITS);
            if (of.isEmpty()) {
                assertThat(Differences.absolute(flat(clip.probabilities(images, texts)), golden.floats("softmax")))
                        .isLessThan(PROBABILITIES);
                assertThat(Differences.absolute(
                                flat(clip.independentProbabilities(images, texts)), golden.floats("probabilities")))
                        .isLessThan(PROBABILITIES);
            }
        }
    }

    private static float[] flat(float[][] rows) {
        return FeatureMatrix.of(List.of(rows), rows[0].length).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"siglip1", "siglip2"})
    void aPromptThatDoesNotFillTheContextIsRefused(String model) throws IOException {
        try (Clip clip = GoldenModels.open(model + "/huggingface", folder)) {
            assertThrown(
                    IllegalArgumentException.class,
                    () -> clip.encodeTokens(List.of(new int[] {3, 1})),
                    "2 tokens",
                    "whole context");
        }
    }
}
