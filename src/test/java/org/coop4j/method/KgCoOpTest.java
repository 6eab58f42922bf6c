package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradient and ten steps of every case, on both golden models. */
class KgCoOpTest {

    @TempDir
    static Path folder;

    static Stream<Arguments> cases() throws IOException {
        return GoldenPrompts.cases("kgcoop");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/kgcoop");
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            JsonNode c = golden.of(key);
            FeatureMatrix teacher = problem.matrix("teacher_text").normalized();
            PromptEncoder.Loss loss = KgCoOp.loss(teacher, c.get("weight").asDouble());
            GoldenPrompts.assertTenSteps(golden, problem, clip, key, new KgCoOp(), loss);
        }
    }

    @Test
    void aNegativeLambdaIsRefused() {
        assertThatThrownBy(() -> new KgCoOp().with(Map.of("lambda", "-1"))).hasMessageContainingAll("lambda", "got -1");
    }
}
