package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradient, ten steps and the test logits after them. */
class TaskResTest {

    @TempDir static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("taskres");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("taskres");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            int shots = c.get("shots").asInt();
            double alpha = c.get("residual_scale").asDouble();
            FeatureMatrix base = problem.text(c.get("text").asText());
            LearnedTensor x = LearnedTensor.zeros("x", base.rows(), base.width());
            TaskRes.Residual model =
                    new TaskRes.Residual(base, x, alpha) {
                        @Override
                        public Classifier classifier() {
                            throw new AssertionError();
                        }
                    };
            problem.assertSteps(
                    golden,
                    key,
                    model,
                    problem.support(shots, 0),
                    golden.rows(key + ".batches"),
                    new TaskRes().training(shots).newOptimizer(),
                    Map.of("x", x));
            assertStepsOfAdam(golden, key, x.values());
            FeatureMatrix weights = TaskRes.weights(base.toArray(), x.values(), alpha, base.rows());
            golden.assertClose(
                    key,
                    "test_logits.step10",
                    GoldenPrompts.cosineLogits(
                            problem.test(), weights, problem.clip().logitScale()));
        }
    }

    /**
     * Adam makes a whole step of a gradient near rounding, whose sign is then a matter of chance: a
     * handful of entries may differ by up to two steps.
     */
    private static void assertStepsOfAdam(GoldenMethods golden, String key, float[] actual)
            throws IOException {
        float[] expected = golden.floats(key + ".x.step10");
        double rate = golden.json().get("optimiser").get("lr").asDouble();
        int apart = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            assertThat(difference).isLessThanOrEqualTo(2 * rate);
            apart += difference > 1e-5 ? 1 : 0;
        }
        assertThat(apart).isLessThanOrEqualTo(5);
    }

    @Test
    void aNegativeScaleIsRefused() {
        assertThatThrownBy(() -> new TaskRes().with(Map.of("alpha", "-1")))
                .hasMessageContaining("alpha: expected 0 or more, got -1.0");
    }
}
