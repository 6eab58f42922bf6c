package org.coop4j.method;

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

/** Against PyTorch: logits, gradients, ten steps and the test logits after them. */
class ClipAdapterTest {

    @TempDir static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("clip_adapter");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("clip_adapter");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            int shots = c.get("shots").asInt();
            double ratio = c.get("ratio").asDouble();
            FeatureMatrix text = problem.text("text_raw").normalized();
            LearnedTensor w1 = tensor(golden, key, "w1");
            LearnedTensor w2 = tensor(golden, key, "w2");
            ClipAdapter.Adapter model =
                    new ClipAdapter.Adapter(w1, w2, text, ratio) {
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
                    new ClipAdapter().training(shots).newOptimizer(),
                    Map.of("w1", w1, "w2", w2));
            golden.assertClose(key, "w1.step10", w1.values());
            golden.assertClose(key, "w2.step10", w2.values());
            FeatureMatrix adapted =
                    ClipAdapter.adapt(problem.test().normalized(), matrix(w1), matrix(w2), ratio);
            golden.assertClose(
                    key,
                    "test_logits.step10",
                    GoldenPrompts.cosineLogits(adapted, text, problem.clip().logitScale()));
        }
    }

    private static LearnedTensor tensor(GoldenMethods golden, String key, String name)
            throws IOException {
        FeatureMatrix initial = golden.matrix(key + "." + name + ".init");
        return LearnedTensor.of(name, initial.toArray(), initial.rows(), initial.width());
    }

    private static FeatureMatrix matrix(LearnedTensor tensor) {
        return FeatureMatrix.of((int) tensor.shape()[0], (int) tensor.shape()[1], tensor.values());
    }

    @Test
    void aRatioBeyondOneIsRefused() {
        assertThatThrownBy(() -> new ClipAdapter().with(Map.of("ratio", "1.5")))
                .hasMessageContaining("ratio: expected 0 to 1, got 1.5");
    }
}
