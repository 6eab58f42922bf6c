package org.coop4j.weights.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.weights.Shape;
import org.coop4j.weights.model.ClipConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
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

    /** The second is ViT-H/14 of open_clip: 16 heads of 80 channels, not 20 of 64. */
    static Stream<Arguments> unknownHeads() {
        return Stream.of(
                Arguments.of(new ClipConfig.Vit(32, 8, 80, 1, 1, 320), "width 80"),
                Arguments.of(new ClipConfig.Vit(224, 14, 1280, 1, 16, 5120), "1280"),
                Arguments.of(
                        new ClipConfig.Vit(32, 8, 512, 1, 8, 2048, new ClipConfig.PeCore(true, 8, 2048)), "width 512"));
    }

    @ParameterizedTest
    @MethodSource("unknownHeads")
    void headsThatTheWidthDoesNotTellNeedAConfiguration(ClipConfig.Vit vit, String width) throws InputException {
        ClipConfig architecture = new ClipConfig(64, vit, new ClipConfig.Text(77, 600, 128, 2, 1, 512));
        Map<String, Shape> shapes = architecture.expectedTensors();
        assertThatThrownBy(() -> ArchitectureInference.infer(shapes))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(width, "heads", "configuration file", "open_clip_config.json");
    }
}
