package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradients and ten steps of every case, on both golden models. */
class DeepLanguageTest {

    @TempDir
    static Path folder;

    static Stream<Arguments> cases() throws IOException {
        return GoldenPrompts.cases("deep_language");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/deep_language");
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            List<LearnedTensor> learned = new ArrayList<>();
            learned.add(GoldenPrompts.initial(golden, key, "ctx"));
            if (golden.of(key).get("depth").asInt() > 1) {
                learned.add(GoldenPrompts.initial(golden, key, "deep"));
            }
            GoldenPrompts.assertTenSteps(
                    golden,
                    problem,
                    clip,
                    key,
                    new DeepLanguage(),
                    new PromptLearner.Objective(new DeepLanguage().vectors(learned, null), CoOp::loss));
        }
    }

    @Test
    void invalidSettingsAreRefused() throws IOException {
        assertThatThrownBy(() -> new DeepLanguage().with(Map.of("depth", "-1")))
                .hasMessageContainingAll("depth", "got -1");
        Method threeBlocks = new DeepLanguage().with(Map.of("depth", "3"));
        try (Clip clip = GoldenMethods.clip("vit", folder)) {
            Task task = new Task(List.of("cat"), "a photo of a {}.", 1);
            assertThatThrownBy(() -> threeBlocks.learner(clip, task)).hasMessageContainingAll("2 blocks", "got 3");
        }
    }
}
