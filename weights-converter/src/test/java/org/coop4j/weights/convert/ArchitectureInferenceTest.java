package org.coop4j.weights.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.weights.Shape;
import org.coop4j.weights.model.ClipConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitectureInferenceTest {
    static Set<String> publishedNames() {
        return ClipConfig.published().keySet();
    }

    @ParameterizedTest
    @MethodSource("publishedNames")
    void theArchitectureIsReadOffItsTensors(String name) throws InputException {
        ClipConfig architecture = ClipConfig.named(name);
        assertThat(ArchitectureInference.infer(architecture.expectedTensors())).isEqualTo(architecture);
    }

    @Test
    void headsOfAnotherWidthThan64NeedAConfiguration() throws InputException {
        ClipConfig.Vit vit = new ClipConfig.Vit(32, 8, 80, 1, 1, 320);
        ClipConfig.Text text = new ClipConfig.Text(77, 600, 128, 2, 1, 512);
        ClipConfig architecture = new ClipConfig(64, vit, text);
        Map<String, Shape> shapes = architecture.expectedTensors();
        assertThatThrownBy(() -> ArchitectureInference.infer(shapes))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("width 80", "64", "configuration file");
    }

    @Test
    void aWideVisionTransformerNeedsAConfigurationEvenIfItsWidthIsAMultipleOf64() throws InputException {
        // ViT-H/14 of open_clip: 16 heads of 80 channels, not 20 of 64.
        ClipConfig.Vit vit = new ClipConfig.Vit(224, 14, 1280, 1, 16, 5120);
        ClipConfig.Text text = new ClipConfig.Text(77, 600, 1024, 16, 1, 4096);
        ClipConfig architecture = new ClipConfig(1024, vit, text);
        Map<String, Shape> shapes = architecture.expectedTensors();
        assertThatThrownBy(() -> ArchitectureInference.infer(shapes))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("1280", "heads", "configuration file");
    }

    @Test
    void headsOfAPerceptionEncoderOfAnUnpublishedWidthNeedAConfiguration() throws InputException {
        ClipConfig.Vit vit = new ClipConfig.Vit(32, 8, 512, 1, 8, 2048, new ClipConfig.PeCore(true, 8, 2048));
        ClipConfig architecture = new ClipConfig(64, vit, new ClipConfig.Text(32, 600, 128, 2, 1, 512));
        Map<String, Shape> shapes = architecture.expectedTensors();
        assertThatThrownBy(() -> ArchitectureInference.infer(shapes))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("512", "heads", "open_clip_config.json");
    }
}
