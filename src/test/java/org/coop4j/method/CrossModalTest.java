package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.BatchOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradient, ten steps and the test logits after them, blended or not. */
class CrossModalTest {

    @TempDir static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("cross_modal");
    }

    private static CrossModal.Head head(FeatureMatrix texts, FeatureMatrix start) {
        return new CrossModal.Head(texts, start) {
            @Override
            public Classifier classifier() {
                throw new AssertionError();
            }
        };
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("cross_modal");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            int shots = c.get("shots").asInt();
            FeatureMatrix start =
                    PromptEnsemble.mean(problem.templates(), problem.classes()).normalized();
            golden.assertClose(key, "w.init", start.toArray());
            CrossModal.Head model = head(problem.templates(), start);
            FeatureSet samples = model.samples(problem.support(shots, 0, 1));
            LearnedTensor w = model.head();
            problem.assertSteps(
                    golden,
                    key,
                    model,
                    samples,
                    batches(golden, key, problem.classes() * shots),
                    new CrossModal().training(shots).newOptimizer(),
                    Map.of("w", w));
            golden.assertClose(key, "w.step10", w.values());
            assertLogits(golden, problem, key, "test_logits.step10", w, start, 0);
            assertLogits(golden, problem, key, "test_logits.step10_wiseft", w, start, 0.5);
        }
    }

    private static void assertLogits(
            GoldenMethods golden,
            GoldenProblem problem,
            String key,
            String name,
            LearnedTensor w,
            FeatureMatrix start,
            double blend)
            throws IOException {
        FeatureMatrix weights =
                CrossModal.blended(w.values(), start.toArray(), blend, start.rows());
        golden.assertClose(
                key,
                name,
                GoldenPrompts.cosineLogits(problem.test(), weights, problem.clip().logitScale()));
    }

    /** The file's images stand view after view, ours image after image. */
    private static int[][] batches(GoldenMethods golden, String key, int images)
            throws IOException {
        int[][] image = golden.rows(key + ".image_batches");
        int[][] text = golden.rows(key + ".text_batches");
        int[][] batches = new int[image.length][];
        for (int b = 0; b < batches.length; b++) {
            int[] ours = Arrays.stream(image[b]).map(i -> i % images * 2 + i / images).toArray();
            batches[b] = GoldenProblem.both(ours, text[b], images * 2);
        }
        return batches;
    }

    @Test
    void halfOfEachBatchIsTextAndEachHalfBeginsAnewByItself() throws IOException {
        FeatureMatrix texts = FeatureMatrix.of(6, 1, new float[] {1, 2, 3, 4, 5, 6});
        CrossModal.Head model = head(texts, PromptEnsemble.mean(texts, 3));
        Fit fit = Fit.inMemory(new CrossModal().training(1), 1);
        BatchOrder order = model.order(20, fit);
        assertThat(order.epoch(0).length).isEqualTo(order.batches());
        int[] counts = new int[20];
        for (int[] batch : order.epoch(0)) {
            assertThat(batch).hasSize(8);
            assertThat(Arrays.stream(batch, 0, 4)).allMatch(i -> i < 14);
            assertThat(Arrays.stream(batch, 4, 8)).allMatch(i -> i >= 14 && i < 20);
            Arrays.stream(batch).forEach(i -> counts[i]++);
        }
        assertThat(counts).doesNotContain(0);
        assertThat(order.epoch(1)).isDeepEqualTo(model.order(20, fit).epoch(1));
        assertThat(order.epoch(1)[0]).isNotEqualTo(order.epoch(0)[0]);
    }

    @Test
    void aBlendBeyondOneIsRefused() {
        assertThatThrownBy(() -> new CrossModal().with(Map.of("blend", "-0.5")))
                .hasMessageContaining("blend: expected 0 to 1, got -0.5");
    }
}
