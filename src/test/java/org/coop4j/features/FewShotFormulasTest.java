package org.coop4j.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.Moments;
import org.coop4j.eval.Folds;
import org.coop4j.features.TipAdapter.CacheWeights;
import org.coop4j.features.TipAdapter.KeyCache;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.GoldenMethods;
import org.coop4j.method.GoldenProblem;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against NumPy's double precision: weights, bias, means, and what chooses α. */
class FewShotFormulasTest {

    @TempDir
    static Path folder;

    private static final double RELATIVE = 1e-4;

    static List<String> gda() throws IOException {
        return GoldenMethods.cases("gda");
    }

    @ParameterizedTest
    @MethodSource("gda")
    void theClosedFormAndItsSearchesEqualTheReferences(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("gda");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureSet train = problem.support("train", c);
            FeatureMatrix text = problem.matrix("text_norm");
            FeatureSet pool = ViewPooling.pooled(train);
            Gda.Gaussians gaussians = Gda.Gaussians.of(Moments.of(pool, text.rows()));
            float[] w = golden.floats(key + ".w");
            float[] b = golden.floats(key + ".b");
            double largest = 1e-3;
            for (float value : w) {
                largest = Math.max(largest, Math.abs(value));
            }
            int classes = text.rows();
            for (int i = 0; i < w.length; i++) {
                assertThat((double) gaussians.weights().get(i % classes, i / classes))
                        .as("%s w %d", key, i)
                        .isCloseTo(w[i], within(RELATIVE * largest));
            }
            for (int k = 0; k < classes; k++) {
                assertThat((double) gaussians.bias()[k])
                        .isCloseTo(b[k], within(RELATIVE * Math.max(1, Math.abs(b[k]))));
            }
            FeatureMatrix products = problem.test().normalized().products(gaussians.weights());
            assertClose(
                    golden.floats(key + ".gaussian_logits"),
                    i -> products.get(i / classes, i % classes) + gaussians.bias()[i % classes]);
            float scale = (float) golden.json().get("logit_scale").asDouble();
            GoldenMethods.assertHits(Gda.hits(gaussians, text, scale, problem.val(), Gda.AUTHORS), c.get("val_hits"));
            GoldenMethods.assertHits(
                    Gda.crossValidationHits(
                            Moments.of(pool, text.rows()), train, Folds.most(train.labels()), text, scale, Gda.AUTHORS),
                    c.get("cross_validation_hits"));
            assertLogits(golden, problem, key, "searched", gaussians);
            assertLogits(golden, problem, key, "cross_validated", gaussians);
            assertLogits(golden, problem, key, "alpha1", gaussians);
        }
    }

    /** Within a share of the largest. */
    private static void assertClose(float[] expected, IntToDoubleFunction actual) {
        double largest = 1;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual.applyAsDouble(i)).isCloseTo(expected[i], within(RELATIVE * largest));
        }
    }

    /** One image per class has no covariance; a second view of it, or a second image, gives one. */
    @Test
    void oneImagePerClassInOneViewEqualsZeroShotWithAWarning() throws IOException {
        try (GoldenProblem problem = GoldenProblem.open(folder)) {
            FeatureMatrix text = problem.matrix("text_norm");
            ProgressRecorder one = new ProgressRecorder();
            FeatureMatrix logits = problem.classifier(new Gda(), head(problem, problem.support("train", 1, 0), one))
                    .logits(problem.test());
            FeatureMatrix cosines = problem.test().normalized().products(text);
            float scale = problem.clip().logitScale();
            for (int i = 0; i < logits.rows(); i++) {
                for (int k = 0; k < text.rows(); k++) {
                    float difference = logits.get(i, k) - logits.get(i, 0);
                    float zeroShot = scale * (cosines.get(i, k) - cosines.get(i, 0));
                    assertThat(difference).isCloseTo(zeroShot, within(1e-3f));
                }
            }
            assertThat(one.warnings).singleElement().asString().contains("equals zero-shot");

            ProgressRecorder more = new ProgressRecorder();
            head(problem, problem.support("train", 1, 0, 1), more);
            head(problem, problem.support("train", 2, 0), more);
            assertThat(more.warnings).isEmpty();
        }
    }

    /** Two val images that the texts alone classify correctly do not decide against many training images, which texts do not know. */
    @Test
    void fewValImagesDoNotDecideAloneBesideManyTrainingImages() {
        FeatureSet val =
                FeatureSet.of(FeatureMatrix.of(2, 4, new float[] {-1, 2, 0, 0, 1, -2, 0, 0}), IntStream.of(0, 1));
        assertThat(alpha(16, val)).isLessThan(1);
        assertThat(alpha(17, val)).isGreaterThanOrEqualTo(1);
    }

    private static double alpha(int each, FeatureSet val) {
        Random random = new Random(1);
        float[] rows = new float[2 * each * 4];
        for (int i = 0; i < rows.length; i++) {
            float sign = i / 4 < each ? 1 : -1;
            rows[i] = (float) random.nextGaussian() + (i % 4 == 0 ? 4 * sign : 0);
        }
        FeatureSet train = FeatureSet.of(
                FeatureMatrix.of(2 * each, 4, rows),
                IntStream.range(0, 2 * each).map(i -> i / each));
        FeatureMatrix text = FeatureMatrix.of(2, 4, new float[] {0, 1, 0, 0, 0, -1, 0, 0});
        Moments moments = Moments.of(train, 2);
        return Gda.chosenAlpha(moments, Gda.Gaussians.of(moments), new FewShotFeatures(train, val), text, 100);
    }

    private static FeatureMethod.Head head(GoldenProblem problem, FeatureSet train, ProgressRecorder progress)
            throws IOException {
        Trainer trainer = new Trainer(Training.none(), 1, MemoryLimit.none(), progress, null);
        FeatureSet none = FeatureSet.none(train.width());
        return problem.head(new Gda(), problem.matrix("text_norm"), train, none, problem.clip(), trainer);
    }

    private static void assertLogits(
            GoldenMethods golden, GoldenProblem problem, String key, String name, Gda.Gaussians gaussians)
            throws IOException {
        double alpha = golden.of(key).path("alpha_" + name).asDouble(1);
        FeatureMatrix text = problem.matrix("text_norm");
        FeatureMatrix logits = problem.classifier(
                        new Gda().with(Map.of("alpha", alpha)),
                        new FeatureMethod.Head(file -> Gda.addTo(file, gaussians, text)))
                .logits(problem.test());
        float[] all = logits.toArray();
        assertClose(golden.floats(key + ".logits_" + name), i -> all[i]);
        problem.assertAccuracy(logits, golden.of(key).get("accuracy_" + name).asDouble());
    }

    static List<String> tipAdapter() throws IOException {
        return GoldenMethods.cases("tip_adapter");
    }

    @ParameterizedTest
    @MethodSource("tipAdapter")
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

    static List<String> lpPlusPlus() throws IOException {
        return GoldenMethods.cases("lpp");
    }

    @ParameterizedTest
    @MethodSource("lpPlusPlus")
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
        return new LpPlusPlus.Blend(problem.matrix(c.get("text").asText()), train, val, 0);
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
    @MethodSource("lpPlusPlus")
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

    @Test
    void momentsOfManyFeaturesAreSumsOfParts() {
        int n = 150_000; // more parts than are summed at the same time
        int width = 3;
        int classes = 4;
        float[] rows = new float[n * width];
        Random random = new Random(5);
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        int[] labels = random.ints(n, 0, classes).toArray();
        FeatureMatrix units = FeatureMatrix.of(n, width, rows).normalized();
        Moments moments = Moments.of(FeatureSet.of(FeatureMatrix.of(n, width, rows), IntStream.of(labels)), classes);
        for (int a = 0; a < width; a++) {
            for (int b = a; b < width; b++) {
                double sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += (double) units.get(i, a) * units.get(i, b);
                }
                assertThat(moments.squares()[a * width + b]).isCloseTo(sum, within(1e-6));
            }
        }
        for (int k = 0; k < classes; k++) {
            int label = k;
            int[] own = IntStream.range(0, n).filter(i -> labels[i] == label).toArray();
            assertThat(moments.counts()[k]).isEqualTo(own.length);
            assertThat(moments.sums()[k * width])
                    .isCloseTo(
                            IntStream.of(own).mapToDouble(i -> units.get(i, 0)).sum(), within(1e-6));
        }
    }
}
