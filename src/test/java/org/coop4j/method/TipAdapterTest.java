package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.TipAdapter.CacheWeights;
import org.coop4j.method.TipAdapter.KeyCache;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: keys, logits at given and at searched weights, and the search's grid. */
class TipAdapterTest {

    @TempDir
    static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("tip_adapter");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void keysLogitsAndSearchEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("tip_adapter");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureSet train = problem.support("train", c.get("shots").asInt());
            FeatureMatrix keys = KeyCache.keys(train);
            golden.assertClose(key, "keys", keys.toArray());
            assertLogits(golden, problem, key, "logits_a117_b1", weights(c, 1.17, 1));
            assertLogits(golden, problem, key, "logits_a1_b55", weights(c, 1, 5.5));
            double alpha = c.get("best_alpha").asDouble();
            double beta = c.get("best_beta").asDouble();
            assertLogits(golden, problem, key, "logits_searched", weights(c, alpha, beta));
            assertSearch(golden, problem, key);
        }
    }

    private static CacheWeights weights(JsonNode c, double alpha, double beta) {
        JsonNode scale = c.get("search_scale");
        return new CacheWeights(
                alpha, beta, true, scale.get(1).asDouble(), scale.get(0).asDouble());
    }

    private static Classifier cache(GoldenProblem problem, int shots, CacheWeights weights, FeatureSet val)
            throws IOException {
        Method method = new TipAdapter(weights, new TextPrompts());
        FeatureMatrix text = problem.matrix("text_norm");
        return problem.classifier(method, problem.head(method, text, problem.support("train", shots), val));
    }

    private static void assertLogits(
            GoldenMethods golden, GoldenProblem problem, String key, String name, CacheWeights weights)
            throws IOException {
        int shots = golden.of(key).get("shots").asInt();
        FeatureMatrix logits = cache(
                        problem, shots, weights, FeatureSet.none(problem.test().width()))
                .logits(problem.test());
        golden.assertClose(key, name, logits.toArray());
        problem.assertAccuracy(
                logits, golden.of(key).get(name.replace("logits", "accuracy")).asDouble());
    }

    /** Rounding may decide about an image; a search may therefore end one hit from the best. */
    private static void assertSearch(GoldenMethods golden, GoldenProblem problem, String key) throws IOException {
        JsonNode c = golden.of(key);
        CacheWeights begin = weights(c, 1, 1);
        int shots = c.get("shots").asInt();
        FeatureSet train = problem.support("train", shots);
        AtomicIntegerArray hits = KeyCache.hits(
                problem.clip(),
                begin,
                KeyCache.keys(train),
                train.labels(),
                problem.matrix("text_norm"),
                problem.val());
        int[] expected = Stream.of(golden.rows(key + ".val_hits"))
                .flatMapToInt(IntStream::of)
                .toArray();
        assertThat(expected).hasSize(hits.length());
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(hits.get(i) - expected[i])).isLessThanOrEqualTo(1);
        }
        Classifier searched = cache(problem, shots, begin, problem.val());
        TipAdapter method = (TipAdapter) searched.save().method();
        long beta = Math.round((method.cache().beta() - 0.1) / ((begin.maxBeta() - 0.1) / 200));
        long alpha = Math.round((method.cache().alpha() - 0.1) / ((begin.maxAlpha() - 0.1) / 20));
        assertThat(expected[(int) (beta * 20 + alpha)])
                .isGreaterThanOrEqualTo(c.get("best_val_hits").asInt() - 1);
    }

    private static FeatureMatrix random(Random random, int rows, int width, double size) {
        float[] values = new float[rows * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (size * random.nextGaussian());
        }
        return FeatureMatrix.of(rows, width, values);
    }

    @ParameterizedTest
    @CsvSource({"2, 2, 3, 7", "5, 40, 3, 7", "9, 60, 50, 50", "3, 12, 0.05, 7", "4, 9, 3, 0.01"})
    void everyCellEqualsItsDirectCount(int classes, int keys, double maxAlpha, double maxBeta) {
        Random random = new Random(classes);
        CacheWeights weights = new CacheWeights(1, 1, true, maxAlpha, maxBeta);
        int[] labels = // as many keys as it happens; the last class has none
                IntStream.range(0, keys).map(i -> random.nextInt(classes - 1)).toArray();
        int images = 30;
        FeatureMatrix text = random(random, images, classes, 1);
        FeatureMatrix cosines = random(random, images, keys, 0.3);
        int[] truth = random.ints(images, 0, classes).toArray();
        AtomicIntegerArray hits = new AtomicIntegerArray(CacheWeights.GRID);
        weights.count(hits, text, cosines, labels, truth);

        double[] betas = weights.betas();
        double[] alphas = weights.alphas();
        for (int b = 0; b < betas.length; b++) {
            for (int a = 0; a < alphas.length; a++) {
                int expected = 0;
                for (int i = 0; i < images; i++) {
                    double[] logits = new double[classes];
                    for (int key = 0; key < keys; key++) {
                        logits[labels[key]] += Math.exp(-betas[b] * (1 - cosines.get(i, key)));
                    }
                    int best = 0;
                    for (int c = 0; c < classes; c++) {
                        logits[c] = text.get(i, c) + alphas[a] * logits[c];
                        best = logits[c] > logits[best] ? c : best;
                    }
                    expected += best == truth[i] ? 1 : 0;
                }
                assertThat(hits.get(b * alphas.length + a)).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 0"})
    void theFirstOfEqualLogitsWins(int truth, int hits) {
        CacheWeights weights = new CacheWeights(1, 1, true, 3, 7);
        FeatureMatrix text = FeatureMatrix.of(2, 2, new float[] {5, 5, 1, 1});
        FeatureMatrix cosines = FeatureMatrix.of(2, 2, new float[] {0.5f, 0.5f, 0.9f, 0.9f});
        AtomicIntegerArray counted = new AtomicIntegerArray(CacheWeights.GRID);
        weights.count(counted, text, cosines, new int[] {0, 1}, new int[] {truth, truth});
        assertThat(IntStream.range(0, CacheWeights.GRID).map(counted::get)).containsOnly(hits);
    }
}
