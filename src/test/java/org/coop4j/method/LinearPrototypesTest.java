package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.CosineSchedule;
import org.coop4j.train.Optimizer;
import org.coop4j.train.Training;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** ZS-LP and CLAP against PyTorch, on all views of all images at once. */
class LinearPrototypesTest {

    private static final int EPOCHS = 300;

    @TempDir static Path folder;

    static Stream<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String method : List.of("zslp", "clap")) {
            for (String key : GoldenMethods.cases(method)) {
                cases.add(Arguments.of(method, key));
            }
        }
        return cases.stream();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Run(LinearPrototypes model, BatchTrainable trainable, int[] all) {}

    private static Run start(String method, Clip clip, FeatureMatrix text, FeatureSet train) {
        LinearPrototypes.Penalty penalty =
                method.equals("clap")
                        ? Clap.penalty(text, Clap.multipliers(text, train, clip.logitScale()))
                        : LinearPrototypes.Penalty.NONE;
        LinearPrototypes model = new LinearPrototypes(text, train.size(), penalty);
        FeatureSet samples = model.samples(train);
        int[] all = new int[samples.size()];
        Arrays.setAll(all, i -> i);
        return new Run(model, FeatureLearner.trainable(clip, model, samples, text.rows()), all);
    }

    private static float[] logits(GoldenProblem problem, LinearPrototypes model)
            throws IOException {
        return problem.classifier(new ZsLp(), model).logits(problem.test()).toArray();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenAndThreeHundredStepsEqualPyTorch(String method, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(method);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            Clip clip = problem.clip();
            JsonNode c = golden.of(key);
            FeatureMatrix text = problem.text("text_raw");
            FeatureSet train = problem.support(c);
            golden.assertClose(
                    key, "multipliers", Clap.multipliers(text, train, clip.logitScale()));
            Run ten = start(method, clip, text, train);
            try (BatchTrainable trainable = ten.trainable) {
                Optimizer sgd = LinearPrototypes.training().newOptimizer();
                LearnedTensor w = ten.model.learned().get(0);
                for (int step = 0; step < 10; step++) {
                    trainable.step(0, ten.all);
                    if (step == 0) {
                        golden.assertClose(key, "w.grad", w.gradient());
                    }
                    sgd.step(ten.model.learned(), 0.1, step + 1L);
                }
                golden.assertClose(key, "w.step10", w.values());
                golden.assertClose(key, "test_logits.step10", logits(problem, ten.model));
            }

            Run full = start(method, clip, text, train);
            try (BatchTrainable trainable = full.trainable) {
                Training training = LinearPrototypes.training();
                CosineSchedule rates = new CosineSchedule(training.rate(), EPOCHS, 1, 1e-5);
                Optimizer sgd = training.newOptimizer();
                for (int step = 0; step < EPOCHS; step++) {
                    trainable.step(0, full.all);
                    sgd.step(full.model.learned(), rates.at(step), step + 1L);
                }
                golden.assertClose(key, "w.step300", full.model.learned().get(0).values());
                golden.assertClose(key, "test_logits.step300", logits(problem, full.model));
            }
        }
    }
}
