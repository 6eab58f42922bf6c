package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.TipAdapter.CacheWeights;
import org.coop4j.method.TipAdapter.KeyCache;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
            FeatureSet train = problem.wholeSupport(c.get("shots").asInt());
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
        FeatureMatrix text = problem.text("text_norm");
        return problem.classifier(method, problem.head(method, text, problem.wholeSupport(shots), val));
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
        FeatureSet train = problem.wholeSupport(shots);
        int[][] hits = KeyCache.hits(
                problem.clip(), begin, KeyCache.keys(train), train.labels(), problem.text("text_norm"), problem.val());
        int[][] expected = golden.rows(key + ".val_hits");
        for (int b = 0; b < hits.length; b++) {
            for (int a = 0; a < hits[b].length; a++) {
                assertThat(Math.abs(hits[b][a] - expected[b][a])).isLessThanOrEqualTo(1);
            }
        }
        Classifier searched = cache(problem, shots, begin, problem.val());
        TipAdapter method = (TipAdapter) searched.save().method();
        int[][] at = {
            {
                (int) Math.round((method.cache().beta() - 0.1) / ((begin.maxBeta() - 0.1) / 200)),
                (int) Math.round((method.cache().alpha() - 0.1) / ((begin.maxAlpha() - 0.1) / 20))
            }
        };
        assertThat(expected[at[0][0]][at[0][1]])
                .isGreaterThanOrEqualTo(c.get("best_val_hits").asInt() - 1);
    }
}
