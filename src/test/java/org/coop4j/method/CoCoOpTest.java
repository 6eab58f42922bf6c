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
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.train.BatchStep;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradients and ten steps of every case, on both golden models. */
class CoCoOpTest {

    @TempDir
    static Path folder;

    static Stream<Arguments> cases() throws IOException {
        return GoldenPrompts.cases("cocoop");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/cocoop");
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            JsonNode c = golden.of(key);
            List<LearnedTensor> learned = new ArrayList<>();
            for (String name : CoCoOp.TENSORS) {
                learned.add(GoldenPrompts.initial(golden, key, name));
            }
            List<int[]> prompts = GoldenPrompts.prompts(golden, key);
            PromptEncoder.Vectors vectors = new CoCoOp().vectors(learned, null);
            PromptEncoder encoder = clip.promptEncoder(prompts);
            FeatureSet images = problem.features("image_features", "labels");
            int[][] batches = golden.rows(key + ".batches");
            Training training = new CoCoOp().training(16);
            golden.assertOptimizer(training);
            Optimizer sgd = training.newOptimizer();
            try (PromptEncoder.Encoding encoding = encoder.encoding(vectors, MemoryLimit.none());
                    BatchStep single = new BatchStep(
                            images, true, learned, n -> encoder.step(vectors, CoOp::loss, n, MemoryLimit.none()))) {
                BatchStep trainable = single.oneByOne();
                golden.assertClose(
                        key,
                        "logits.init",
                        PromptLearner.logits(
                                        encoding,
                                        problem.matrix("image_features").rows(batches[0]),
                                        clip.logitScale())
                                .toArray());
                for (int step = 0; step < batches.length; step++) {
                    golden.assertLoss(key, step, trainable.run(0, batches[step]));
                    if (step == 0) {
                        GoldenPrompts.assertGradients(golden, key, learned);
                    }
                    sgd.step(learned, c.get("lr").get(step).asDouble(), step + 1L);
                }
                GoldenPrompts.assertAfterwards(golden, key, learned);
                GoldenPrompts.assertTestLogits(
                        golden,
                        problem,
                        key,
                        PromptLearner.logits(encoding, problem.matrix("test_image_features"), clip.logitScale())
                                .toArray());
            }
        }
    }

    @Test
    void anEmptyContextIsRefused() {
        assertThatThrownBy(() -> new CoCoOp().with(Map.of("context_length", 0, "words", "none")))
                .hasMessageContainingAll("context_length", "got 0");
        assertThatThrownBy(() -> new CoCoOp().with(Map.of("words", " "))).hasMessageContaining("words");
    }
}
