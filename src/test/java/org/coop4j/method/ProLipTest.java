package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.train.BatchStep;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
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
            FeatureMatrix bias = golden.has(key + ".bias") ? row(golden.floats(key + ".bias")) : null;
            VisualProjection before = problem.projection(bias);
            FeatureSet train = problem.supportBeforeProjection(c);
            FeatureMethod.Head model = problem.head(
                    new ProLip(),
                    problem.text("text_norm"),
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

    private static FeatureMatrix row(float[] values) {
        return FeatureMatrix.of(1, values.length, values);
    }

    private static void train(
            GoldenMethods golden, GoldenProblem problem, String key, FeatureMethod.Head model, FeatureSet samples)
            throws IOException {
        JsonNode c = golden.of(key);
        int[] all = new int[samples.size()];
        Arrays.setAll(all, i -> i);
        Training training = Settings.with(
                new ProLip().training(c.get("shots").asInt()),
                java.util.Map.of("rate", c.get("lr").asDouble()));
        golden.assertOptimizer(training);
        problem.assertFirstLogits(golden, key, model, samples, all);
        int steps = c.get("steps").asInt();
        try (BatchStep trainable = model.step(problem.clip(), samples, problem.classes())) {
            Optimizer optimizer = model.optimizer(training);
            for (int step = 0; step < steps; step++) {
                double loss = trainable.run(step, all);
                if (step < c.get("losses10").size()) {
                    golden.assertLoss(key, "losses10", step, loss);
                }
                if (step == 0) {
                    assertTurned(
                            golden, key, "w.grad", model, model.learned().get(0).gradient());
                }
                optimizer.step(model.learned(), training.rate(step, 0, 1), step + 1L);
                if (step + 1 == 10 || step + 1 == steps) {
                    String name = "w.step" + (step + 1);
                    assertTurned(
                            golden, key, name, model, model.learned().get(0).values());
                }
            }
        }
    }

    /** The file has the matrix as a ViT has it. */
    private static void assertTurned(
            GoldenMethods golden, String key, String name, FeatureMethod.Head model, float[] values)
            throws IOException {
        long[] shape = model.learned().get(0).shape();
        FeatureMatrix ours = FeatureMatrix.of((int) shape[0], (int) shape[1], values);
        golden.assertClose(key, name, ours.transposed().toArray());
    }
}
