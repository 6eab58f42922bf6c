package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.DenseFeatures;
import org.coop4j.data.FeatureSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: logits, gradient, ten steps and the test logits after them. */
class TipAdapterFTest {

    @TempDir static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("tip_adapter_f");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("tip_adapter_f");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            CacheWeights weights =
                    new CacheWeights(
                            c.get("alpha").asDouble(), c.get("beta").asDouble(), false, 3, 7);
            int shots = c.get("shots").asInt();
            FeatureSet train = problem.wholeSupport(shots);
            FeatureSet none = DenseFeatures.of(train.width(), 1, new float[0], new int[0]);
            FewShotFeatures data = new FewShotFeatures(train, none);
            FeatureMatrix text = problem.text("text_norm");
            TipAdapterF.Keys model =
                    new TipAdapterF.Keys(data, text, weights) {
                        @Override
                        public Classifier classifier() throws IOException {
                            return KeyCache.of(
                                    problem.clip(),
                                    new TipAdapterF(weights, new TextPrompts(List.of("{}"), false)),
                                    problem.classNames(),
                                    weights,
                                    PromptEnsemble.of("{}"),
                                    data,
                                    trained(),
                                    text);
                        }
                    };
            golden.assertClose(key, "keys.init", model.trained().toArray());
            problem.assertSteps(
                    golden,
                    key,
                    model,
                    problem.support(shots, 0),
                    golden.rows(key + ".batches"),
                    new TipAdapterF().training(shots).newOptimizer(),
                    Map.of("keys", model.learned().get(0)));
            golden.assertClose(key, "keys.step10", model.trained().toArray());
            FeatureMatrix logits = model.classifier().logits(problem.test());
            golden.assertClose(key, "test_logits.step10", logits.toArray());
            problem.assertAccuracy(logits, c.get("accuracy").asDouble());
        }
    }
}
