package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
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
    void featuresAndLogitsEqualPyTorch(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/forward.safetensors")) {
            int n = (int) golden.shape("image").dim(0);
            FeatureMatrix images = clip.encodePixels(FloatBuffer.wrap(golden.floats("image")), n);
            double ofImages = Differences.relative(images.toArray(), golden.floats("image_features"));
            assertThat(differences.note(model, "image features, relative", ofImages))
                    .isLessThan(RELATIVE);
            FeatureMatrix texts = clip.encodeTokens(GoldenModels.tokens(golden));
            double ofTexts = Differences.relative(texts.toArray(), golden.floats("text_features"));
            assertThat(differences.note(model, "text features, relative", ofTexts))
                    .isLessThan(RELATIVE);
            FeatureMatrix logits =
                    images.normalized().products(texts.normalized()).times(clip.logitScale());
            double ofLogits = Differences.absolute(logits.toArray(), golden.floats("logits"));
            assertThat(differences.note(model, "logits, absolute", ofLogits)).isLessThan(LOGITS);
        }
    }
}
