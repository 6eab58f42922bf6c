package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** ZS-LP and CLAP against PyTorch, on all views of all images at once. */
class LinearPrototypesTest {

    @TempDir
    static Path folder;

    static Stream<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String method : List.of("zslp", "clap")) {
            for (String key : GoldenMethods.cases(method)) {
                cases.add(Arguments.of(method, key));
            }
        }
        return cases.stream();
    }

    private static void assertLogits(
            GoldenMethods golden, GoldenProblem problem, String key, int steps, FeatureMethod.Head head)
            throws IOException {
        FeatureMatrix logits = problem.classifier(new ZsLp(), head).logits(problem.test());
        golden.assertClose(key, "test_logits.step" + steps, logits.toArray());
        problem.assertAccuracy(logits, golden.of(key).get("accuracy" + steps).asDouble());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenAndThreeHundredStepsEqualPyTorch(String name, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(name);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            FeatureMatrix text = problem.matrix("text_raw");
            FeatureSet train = problem.support("train", golden.of(key));
            golden.assertClose(
                    key,
                    "multipliers",
                    Clap.multipliers(text, train, problem.clip().logitScale()));
            Method method = name.equals("clap") ? new Clap() : new ZsLp();
            Training training = method.training(1);
            golden.assertOptimizer(training);
            FeatureMethod.Head ten = problem.head(method, text, train, FeatureSet.none(train.width()));
            FeatureSet samples = ten.samples(train);
            Map<String, LearnedTensor> w = Map.of("w", ten.learned().get(0));
            IntToDoubleFunction constant = step -> training.rate();
            problem.assertFullBatches(
                    golden, key, ten, samples, new Optimizer(training), constant, 10, w, UnaryOperator.identity());
            assertLogits(golden, problem, key, 10, ten);
            int epochs =
                    golden.json().get("optimiser").get("full").get("epochs").asInt();
            assertThat(training.epochs()).isEqualTo(epochs);
            FeatureMethod.Head full = problem.head(method, text, train, FeatureSet.none(train.width()));
            try (BatchStep trainable = full.step(problem.clip(), samples, problem.classes())) {
                Optimizer sgd = new Optimizer(training);
                for (int step = 0; step < epochs; step++) {
                    trainable.run(0, IntStream.range(0, samples.size()).toArray());
                    sgd.step(full.learned(), training.rate(step, 0, 1), step + 1L);
                }
            }
            golden.assertClose(key, "w.step" + epochs, full.learned().get(0).values());
            assertLogits(golden, problem, key, epochs, full);
        }
    }
}
