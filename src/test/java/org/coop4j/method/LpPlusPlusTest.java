package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: step sizes, the first gradients, 300 epochs, and the epoch that val chooses. */
class LpPlusPlusTest {

    @TempDir
    static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("lpp");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void threeHundredEpochsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("lpp");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            LpPlusPlus.Blend model =
                    model(problem, c, FeatureSet.none(problem.test().width()));
            begin(golden, key, model);
            assertStepSizes(problem, c);
            run(golden, problem, key, model);
            FeatureMatrix logits = problem.classifier(new LpPlusPlus(), model).logits(problem.test());
            golden.assertClose(key, "test_logits.step300", logits.toArray());
            problem.assertAccuracy(logits, c.get("accuracy300").asDouble());
        }
    }

    private static void assertStepSizes(GoldenProblem problem, JsonNode c) throws IOException {
        FeatureSet train = problem.support("train", c.get("shots").asInt(), 0);
        FeatureMatrix f = train.matrix().normalized();
        FeatureMatrix text = problem.matrix(c.get("text").asText());
        assertThat(LpPlusPlus.weightStep(train, text.rows()) / c.get("lr_w").asDouble())
                .isCloseTo(1, within(1e-6));
        assertThat(LpPlusPlus.blendStep(f, text) / c.get("lr_alpha").asDouble()).isCloseTo(1, within(1e-6));
    }

    private static LpPlusPlus.Blend model(GoldenProblem problem, JsonNode c, FeatureSet val) throws IOException {
        FeatureSet train = problem.support("train", c.get("shots").asInt(), 0);
        return new LpPlusPlus.Blend(problem.matrix(c.get("text").asText()), train, val);
    }

    /** The reference's biases are random: those of the file are taken. */
    private static void begin(GoldenMethods golden, String key, LpPlusPlus.Blend model) throws IOException {
        List<LearnedTensor> learned = model.learned();
        golden.assertClose(key, "w.init", learned.get(0).values());
        assertThat(learned.get(1).values()).containsOnly(0);
        float[] bias = golden.floats(key + ".b.init");
        System.arraycopy(bias, 0, learned.get(1).values(), 0, bias.length);
        assertThat((double) learned.get(2).values()[0])
                .isCloseTo(golden.of(key).get("alpha0").asDouble(), within(1e-4));
    }

    private static void run(GoldenMethods golden, GoldenProblem problem, String key, LpPlusPlus.Blend model)
            throws IOException {
        JsonNode c = golden.of(key);
        Training training = new LpPlusPlus().training(c.get("shots").asInt());
        int epochs = c.get("epochs").asInt();
        assertThat(epochs).isEqualTo(training.epochs());
        problem.assertFullBatches(
                golden,
                key,
                model,
                model.samples(null),
                model.optimizer(training),
                step -> training.rate(),
                epochs,
                model.learned().stream().collect(Collectors.toMap(LearnedTensor::name, tensor -> tensor)),
                UnaryOperator.identity());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theLastOfTheBestEpochsOnValIsKept(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("lpp");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            LpPlusPlus.Blend model = model(problem, c, problem.val());
            begin(golden, key, model);
            run(golden, problem, key, model);
            FeatureMatrix logits = problem.classifier(new LpPlusPlus(), model).logits(problem.test());
            int best = 0;
            for (JsonNode hits : c.get("val_hits")) {
                best = Math.max(best, hits.asInt());
            }
            // Rounding may decide about an image, and another epoch be the last of the best.
            assertThat(model.valHits()).isBetween(best - 1, best + 1);
            assertThat(problem.accuracy(logits))
                    .isCloseTo(c.get("accuracy_best").asDouble(), within(1.0));
        }
    }

    /** After the best epoch on val, and between two steps of α, whose gradients are summed. */
    @Test
    void aResumedTrainingGivesTheSameBits() throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("lpp");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(cases().get(0));
            int stopped = c.get("best_epoch").asInt() + 4;
            int end = stopped + c.get("alpha_every").asInt();
            LpPlusPlus.Blend whole = model(problem, c, problem.val());
            steps(problem, whole, 0, end, Map.of());
            LpPlusPlus.Blend parts = model(problem, c, problem.val());
            Map<String, float[]> state = steps(problem, parts, 0, stopped, Map.of());
            steps(problem, parts, stopped, end, state);
            for (int i = 0; i < whole.learned().size(); i++) {
                assertThat(parts.learned().get(i).values())
                        .containsExactly(whole.learned().get(i).values());
            }
            FeatureMatrix logits = problem.classifier(new LpPlusPlus(), parts).logits(problem.test());
            assertThat(logits.toArray())
                    .containsExactly(problem.classifier(new LpPlusPlus(), whole)
                            .logits(problem.test())
                            .toArray());
        }
    }

    /** Returns the state of the optimizer after some steps from a given state. */
    private static Map<String, float[]> steps(
            GoldenProblem problem, LpPlusPlus.Blend model, int from, int end, Map<String, float[]> state)
            throws IOException {
        FeatureSet samples = model.samples(null);
        int[] all = IntStream.range(0, samples.size()).toArray();
        Training training = new LpPlusPlus().training(1);
        try (BatchStep trainable = model.step(problem.clip(), samples, problem.classes())) {
            Optimizer optimizer = model.optimizer(training);
            if (from > 0) {
                optimizer.restore(state);
            }
            for (int step = from; step < end; step++) {
                trainable.run(step, all);
                optimizer.step(model.learned(), training.rate(), step + 1L);
            }
            return optimizer.state();
        }
    }

    @Test
    void theLargestEigenvalueIsThatOfTheGramMatrix() {
        FeatureSet three = new DenseFeatures(2, 1, new float[] {3, 0, 0, 1, 4, 0}, new int[3]);
        assertThat(LpPlusPlus.largestEigenvalue(three, 1)).isCloseTo(2, within(1e-9));
    }
}
