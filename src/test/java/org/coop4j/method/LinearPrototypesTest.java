package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.coop4j.method.train.BatchStep;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Training;
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

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Run(FeatureMethod.Head head, BatchStep trainable, int[] all) {}

    private static Run start(String method, GoldenProblem problem, FeatureSet train) throws IOException {
        Method trained = method.equals("clap") ? new Clap() : new ZsLp();
        FeatureMethod.Head head =
                problem.head(trained, problem.text("text_raw"), train, FeatureSet.none(train.width()));
        FeatureSet samples = head.samples(train);
        int[] all = new int[samples.size()];
        Arrays.setAll(all, i -> i);
        return new Run(head, head.step(problem.clip(), samples, problem.classes()), all);
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
    void tenAndThreeHundredStepsEqualPyTorch(String method, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(method);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            Clip clip = problem.clip();
            JsonNode c = golden.of(key);
            FeatureMatrix text = problem.text("text_raw");
            FeatureSet train = problem.support(c);
            golden.assertClose(key, "multipliers", Clap.multipliers(text, train, clip.logitScale()));
            Training training = new ZsLp().training(1);
            golden.assertOptimizer(training);
            Run ten = start(method, problem, train);
            problem.assertFirstLogits(golden, key, ten.head, ten.head.samples(train), ten.all);
            try (BatchStep trainable = ten.trainable) {
                Optimizer sgd = training.newOptimizer();
                LearnedTensor w = ten.head.learned().get(0);
                for (int step = 0; step < 10; step++) {
                    golden.assertLoss(key, "losses10", step, trainable.run(0, ten.all));
                    if (step == 0) {
                        golden.assertClose(key, "w.grad", w.gradient());
                    }
                    sgd.step(ten.head.learned(), training.rate(), step + 1L);
                }
                golden.assertClose(key, "w.step10", w.values());
                assertLogits(golden, problem, key, 10, ten.head);
            }

            Run full = start(method, problem, train);
            try (BatchStep trainable = full.trainable) {
                int epochs =
                        golden.json().get("optimiser").get("full").get("epochs").asInt();
                assertThat(training.epochs()).isEqualTo(epochs);
                Optimizer sgd = training.newOptimizer();
                for (int step = 0; step < epochs; step++) {
                    trainable.run(0, full.all);
                    sgd.step(full.head.learned(), training.rate(step, 0, 1), step + 1L);
                }
                golden.assertClose(
                        key, "w.step" + epochs, full.head.learned().get(0).values());
                assertLogits(golden, problem, key, epochs, full.head);
            }
        }
    }
}
