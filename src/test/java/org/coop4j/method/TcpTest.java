package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradients and ten steps of every case, on both golden models. */
class TcpTest {

    @TempDir
    static Path folder;

    static Stream<Arguments> cases() throws IOException {
        return GoldenPrompts.cases("tcp");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/tcp");
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            JsonNode c = golden.of(key);
            FeatureMatrix teacher = problem.matrix("teacher_text").normalized();
            List<LearnedTensor> learned = new ArrayList<>();
            for (String name : CoCoOp.TENSORS) {
                learned.add(GoldenPrompts.initial(golden, key, name));
            }
            PromptLearner.Objective objective = new PromptLearner.Objective(
                    new Tcp(4, c.get("insert_block").asInt(), 8, "{}").vectors(learned, teacher),
                    KgCoOp.loss(teacher, c.get("weight").asDouble()));
            GoldenPrompts.assertTenSteps(golden, problem, clip, key, new Tcp(), objective);
        }
    }

    @Test
    void invalidSettingsAreRefused() throws IOException {
        assertThatThrownBy(() -> new Tcp().with(Map.of("lambda", "-1"))).hasMessageContainingAll("lambda", "got -1");
        assertThatThrownBy(() -> new Tcp().with(Map.of("context_length", "0")))
                .hasMessageContainingAll("context_length", "got 0");
        Method thirdBlock = new Tcp().with(Map.of("block", "2"));
        try (Clip clip = GoldenMethods.clip("vit", folder)) {
            Task task = new Task(List.of("cat"), "a photo of a {}.", 1);
            assertThatThrownBy(() -> thirdBlock.learner(clip, task))
                    .hasMessageContainingAll("block", "0 to 1", "got 2");
        }
    }
}
