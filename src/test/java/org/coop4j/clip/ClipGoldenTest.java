package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.Differences;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole towers against PyTorch's numbers. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class ClipGoldenTest {

    /** Largest difference over the largest value; float32 sums in another order. */
    private static final double RELATIVE = 2e-5;

    private static final double LOGITS = 1e-3;

    @TempDir
    static Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"vit", "vit_gelu", "resnet"})
    void imageFeaturesEqualPyTorch(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/forward.safetensors")) {
            float[] pixels = golden.floats("image");
            int n = (int) golden.shape("image").dim(0);
            FeatureMatrix features = clip.encodePixels(FloatBuffer.wrap(pixels), n);
            double difference = Differences.relative(features.toArray(), golden.floats("image_features"));
            assertThat(differences.note(model, "image features, relative", difference))
                    .isLessThan(RELATIVE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit", "vit_gelu", "resnet"})
    void textFeaturesEqualPyTorch(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/forward.safetensors")) {
            FeatureMatrix features = clip.encodeTokens(tokens(golden));
            double difference = Differences.relative(features.toArray(), golden.floats("text_features"));
            assertThat(differences.note(model, "text features, relative", difference))
                    .isLessThan(RELATIVE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit", "vit_gelu", "resnet"})
    void logitsEqualPyTorch(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/forward.safetensors")) {
            int n = (int) golden.shape("image").dim(0);
            FeatureMatrix images = clip.encodePixels(FloatBuffer.wrap(golden.floats("image")), n)
                    .normalized();
            FeatureMatrix texts = clip.encodeTokens(tokens(golden)).normalized();
            float[] logits = new float[n * texts.rows()];
            for (int i = 0; i < logits.length; i++) {
                int image = i / texts.rows();
                logits[i] = clip.logitScale() * images.dot(image, texts, i % texts.rows());
            }
            double difference = Differences.absolute(logits, golden.floats("logits"));
            assertThat(differences.note(model, "logits, absolute", difference)).isLessThan(LOGITS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit", "vit_gelu", "resnet"})
    void featuresDoNotDependOnTheOtherImagesOfABatch(String model) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/forward.safetensors")) {
            float[] pixels = golden.floats("image");
            FeatureMatrix together = clip.encodePixels(FloatBuffer.wrap(pixels), 4);
            int one = pixels.length / 4;
            for (int i = 0; i < 4; i++) {
                float[] alone = java.util.Arrays.copyOfRange(pixels, i * one, (i + 1) * one);
                FeatureMatrix single = clip.encodePixels(FloatBuffer.wrap(alone), 1);
                assertThat(Differences.relative(single.row(0), together.row(i))).isLessThan(1e-5);
            }
        }
    }

    private static List<int[]> tokens(SafetensorsFile golden) throws IOException {
        long[] ids = golden.tensor("token_ids").longs();
        int length = (int) golden.shape("token_ids").dim(1);
        List<int[]> result = new ArrayList<>();
        for (int from = 0; from < ids.length; from += length) {
            int[] row = new int[length];
            for (int i = 0; i < length; i++) {
                row[i] = Math.toIntExact(ids[from + i]);
            }
            result.add(row);
        }
        return result;
    }
}
