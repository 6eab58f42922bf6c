package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Against PyTorch: the first gradient, 300 steps over the views, and the test logits after them.
 */
class ProLipTest {

    @TempDir
    static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("prolip");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void threeHundredStepsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("prolip");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureMatrix bias = bias(golden, key);
            VisualProjection before = problem.projection(bias);
            FeatureSet train = problem.support("train_pre", c);
            FeatureMethod.Head model = problem.head(
                    new ProLip(),
                    problem.matrix("text_norm"),
                    train,
                    FeatureSet.none(train.width()),
                    problem.withProjection(before),
                    new Trainer(Training.none(), 1));
            train(golden, problem, key, model, model.samples(train));
            FeatureMatrix logits =
                    problem.classifier(new ProLip(), model, before).logits(problem.matrix("test_pre"));
            golden.assertClose(key, "test_logits.step" + c.get("steps").asInt(), logits.toArray());
            problem.assertAccuracy(logits, c.get("accuracy300").asDouble());
        }
    }

    private static FeatureMatrix bias(GoldenMethods golden, String key) throws IOException {
        float[] bias = golden.has(key + ".bias") ? golden.floats(key + ".bias") : null;
        return bias == null ? null : FeatureMatrix.of(1, bias.length, bias);
    }

    /** The file has the matrix as a ViT has it. */
    private static void train(
            GoldenMethods golden, GoldenProblem problem, String key, FeatureMethod.Head model, FeatureSet samples)
            throws IOException {
        JsonNode c = golden.of(key);
        Training training = Settings.with(
                new ProLip().training(c.get("shots").asInt()),
                Map.of("rate", c.get("lr").asDouble()));
        golden.assertOptimizer(training);
        LearnedTensor learned = model.learned().get(0);
        problem.assertFullBatches(
                golden,
                key,
                model,
                samples,
                model.optimizer(training),
                step -> training.rate(step, 0, 1),
                c.get("steps").asInt(),
                Map.of("w", learned),
                values -> FeatureMatrix.of((int) learned.shape()[0], (int) learned.shape()[1], values)
                        .transposed()
                        .toArray());
    }
}
