package org.coop4j.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.GoldenMethods;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogisticRegressionTest {

    private static final Workers WORKERS = new Workers(1);
    /** scikit-learn's own optimum is this exact at least, with tol = 1e-12. */
    private static final double OBJECTIVE_TOLERANCE = 1e-8;

    private static final double ACCURACY_TOLERANCE = 1e-9;

    /** The tolerance of a fit: the objective lies this close to its minimum, relatively. */
    private static final double FIT_TOLERANCE = 1e-10;

    /** The accuracy is also that of scikit-learn's default where that comes near the optimum. */
    @Test
    void objectiveWeightsAndAccuracyEqualScikitLearnsOptimum() throws IOException {
        int fits = 0;
        int agreeing = 0;
        int weights = 0;
        for (JsonNode problem : GoldenMethods.read("/org/coop4j/features/logistic_regression.json")
                .get("cases")) {
            FeatureSet train = GoldenMethods.features(problem, "train");
            int[] labels = Arrays.stream(train.labels()).sorted().distinct().toArray();
            LogisticRegression regression = new LogisticRegression(numbered(train, labels), WORKERS);
            FeatureSet test = numbered(GoldenMethods.features(problem, "test"), labels);
            for (JsonNode expected : problem.get("fits")) {
                double c = expected.get("c").asDouble();
                TruncatedNewton found = regression.minimum(c, null);
                double accuracyOfFit = (double) regression.fit(c, null).hits(test) / test.size();
                String name = problem.get("name").asText() + ", C = " + c;
                double optimum = expected.get("objective").asDouble();
                double byDefault = expected.get("default_objective").asDouble();
                double accuracy = expected.get("accuracy").asDouble();
                assertThat(found.converged).as(name).isTrue();
                assertThat(found.value).as(name).isEqualTo(optimum, within(OBJECTIVE_TOLERANCE * optimum));
                assertThat(found.value).as(name).isLessThan(byDefault * (1 + OBJECTIVE_TOLERANCE));
                assertThat(accuracyOfFit).as(name).isEqualTo(accuracy, within(ACCURACY_TOLERANCE));
                if (c <= 1 && c > 1e-5) {
                    double agreed = expected.get("default_accuracy").asDouble();
                    assertThat(accuracyOfFit).as(name).isEqualTo(agreed, within(ACCURACY_TOLERANCE));
                    agreeing++;
                }
                if (expected.has("coef")) {
                    assertWeights(regression.fit(c, null), found.value, expected);
                    weights++;
                }
                fits++;
            }
        }
        assertThat(fits).isEqualTo(35);
        assertThat(agreeing).isEqualTo(15);
        assertThat(weights).isPositive();
    }

    /** Returns the same images with the positions of their labels. */
    private static FeatureSet numbered(FeatureSet images, int[] labels) {
        int[] positions = Arrays.stream(images.labels())
                .map(label -> Arrays.binarySearch(labels, label))
                .toArray();
        return new DenseFeatures(images.width(), 1, images.matrix().toArray(), positions);
    }

    @Test
    void imagesOfManyBlocksAndWorkersAreAllInTheHessian() {
        FeatureSet images = random(1_111, 7, 4, 6);
        double[] features = new double[1_111 * 7];
        for (int i = 0; i < features.length; i++) {
            features[i] = images.matrix().get(i / 7, i % 7);
        }
        double[] point = new Random(7).doubles(32, -0.3, 0.3).toArray();
        double[] vector = new Random(8).doubles(32, -1, 1).toArray();
        double h = 1e-5;
        double[] ahead = new double[32];
        double[] behind = new double[32];
        double[] product = new double[32];
        try (SoftmaxLoss loss = new SoftmaxLoss(features, images.labels(), 4, 1, 0.3, 1, Workers.standard())) {
            loss.evaluate(moved(point, vector, h), ahead);
            loss.evaluate(moved(point, vector, -h), behind);
            loss.evaluate(point, new double[32]);
            loss.timesHessian(vector, product);
        }
        for (int j = 0; j < 32; j++) {
            double expected = (ahead[j] - behind[j]) / (2 * h);
            assertThat(product[j]).isEqualTo(expected, within(1e-5 * (1 + Math.abs(expected))));
        }
    }

    /** Three images are fewer than some numbers of threads; 1,111 are several parts. */
    @ParameterizedTest
    @ValueSource(ints = {3, 7, 300, 1_111})
    void aProductWithTheHessianHasTheSameBitsOnAnyNumberOfThreads(int n) {
        FeatureSet images = random(n, 7, 3, 6);
        double[] features = new Random(9).doubles(n * 7L, -1, 1).toArray();
        double[] point = new Random(7).doubles(24, -0.3, 0.3).toArray();
        double[] vector = new Random(8).doubles(24, -1, 1).toArray();
        double[] first = null;
        for (int threads : new int[] {1, 2, 3, 4, 8}) {
            double[] product = new double[24];
            try (SoftmaxLoss loss = new SoftmaxLoss(features, images.labels(), 3, 1, 0.3, 1, new Workers(threads))) {
                Gemm.singleThreaded(() -> {
                    loss.evaluate(point, new double[24]);
                    loss.timesHessian(vector, product);
                });
            }
            first = first == null ? product : first;
            assertThat(product).as(threads + " threads").isEqualTo(first);
        }
    }

    private static double[] moved(double[] point, double[] vector, double by) {
        double[] moved = point.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += by * vector[i];
        }
        return moved;
    }

    /** Images of several blocks and parts, of which 40 are held. */
    @Test
    void manyImagesHaveTheSameOptimumAndTheSameBitsOnAnyNumberOfThreads() {
        FeatureSet images = random(9_111, 7, 4, 6);
        LinearClassifier expected = new LogisticRegression(images, WORKERS).fit(0.3, null);
        double[] first = null;
        for (int threads : new int[] {1, 2, 3}) {
            try (Workers workers = new Workers(threads)) {
                LogisticRegression regression = new LogisticRegression(images, images.drawn(10), workers, 1e-9);
                TruncatedNewton minimum = regression.minimum(0.3, null);
                assertThat(minimum.converged).isTrue();
                assertThat(minimum.iterations).isLessThan(10);
                double[] found = regression.fit(0.3, null).weights();
                for (int i = 0; i < found.length; i++) {
                    assertThat(found[i]).isEqualTo(expected.weights()[i], within(1e-3));
                }
                first = first == null ? found : first;
                assertThat(found).as(threads + " threads").isEqualTo(first);
            }
        }
    }

    @Test
    void passesOverManyImagesAreShown() {
        FeatureSet images = random(9_111, 7, 4, 6);
        ProgressRecorder shown = new ProgressRecorder();
        new LogisticRegression(images, images.drawn(10), WORKERS, 1e-9)
                .showing(shown)
                .fit(0.3, null);
        assertThat(shown.tasks(Unit.PASSES)).singleElement().satisfies(task -> {
            assertThat(task.done()).isPositive();
            assertThat(task.total()).isGreaterThan(task.done());
        });
    }

    /** Numbers of images and features that fill no tile and no step. */
    @Test
    void scoresAreSumsInTheOrderOfTheFeatures() {
        int n = 37;
        int d = 7;
        int k = 3;
        double[] weights = new Random(5).doubles((d + 1L) * k, -1, 1).toArray();
        FeatureMatrix images = random(n, d, k, 6).matrix();
        float[] expected = new float[n * k];
        for (int i = 0; i < n; i++) {
            double[] scores = Arrays.copyOfRange(weights, d * k, weights.length);
            for (int f = 0; f < d; f++) {
                for (int j = 0; j < k; j++) {
                    scores[j] += images.get(i, f) * weights[f * k + j];
                }
            }
            double largest = Arrays.stream(scores).max().orElseThrow();
            for (int j = 0; j < k; j++) {
                expected[i * k + j] = (float) (scores[j] - largest);
            }
        }
        assertThat(new LinearClassifier(k, weights, 1).logits(images).toArray()).isEqualTo(expected);
    }

    @Test
    void aFeatureThatIsNotANumberIsFoundAmongMany() {
        FeatureSet images = random(60, 20, 5, 8);
        float[] values = images.matrix().toArray();
        values[59 * 20] = Float.NaN;
        FeatureSet damaged = new DenseFeatures(20, 1, values, images.labels());
        FeatureSet held = images.select(IntStream.range(0, 30).toArray());
        assertThrown(() -> new LogisticRegression(damaged, held, WORKERS, 1e-9).fit(1, null), "not a number");
    }

    @Test
    void anotherStartLeadsToTheSameOptimum() {
        LogisticRegression regression = new LogisticRegression(random(60, 20, 5, 8), WORKERS);
        double cold = regression.minimum(10, null).value;
        assertThat(regression.minimum(10, regression.fit(1e-3, null)).value).isEqualTo(cold, within(1e-9 * cold));
        assertThat(regression.minimum(10, regression.fit(10, null)).iterations).isLessThanOrEqualTo(1);
    }

    /** Weight of a feature in the score of a class; the intercept comes after the last feature. */
    private static double weight(LinearClassifier classifier, int feature, int position) {
        return classifier.weights()[feature * classifier.classes() + position];
    }

    @Test
    void valuesThatAreNoNumbersAreNamed() {
        FeatureSet damaged = new DenseFeatures(1, 1, new float[] {1, Float.NaN}, new int[] {0, 1});
        assertThrown(() -> new LogisticRegression(damaged, WORKERS), "feature 0", "image 1", "NaN");
        LinearClassifier classifier = new LogisticRegression(random(8, 2, 2, 1), WORKERS).fit(1, null);
        FeatureSet wide = new DenseFeatures(2, 1, new float[] {0, 1, Float.NaN, 0}, new int[2]);
        assertThrown(() -> classifier.hits(wide), "feature 0", "image 1", "NaN");
    }

    private static void assertWeights(LinearClassifier found, double objective, JsonNode expected) {
        JsonNode coef = expected.get("coef");
        // The objective is strongly convex: a gap of g leaves the weights within √(2g).
        double tolerance = Math.sqrt(2 * FIT_TOLERANCE * objective);
        for (int row = 0; row < coef.size(); row++) {
            for (int i = 0; i <= found.dimension(); i++) {
                JsonNode value = i < found.dimension()
                        ? coef.get(row).get(i)
                        : expected.get("intercept").get(row);
                // For two classes scikit-learn keeps the difference of the two.
                double weight = coef.size() == 1 ? weight(found, i, 1) - weight(found, i, 0) : weight(found, i, row);
                assertThat(weight)
                        .isEqualTo(value.asDouble(), within(i < found.dimension() ? tolerance : 10 * tolerance));
            }
        }
    }

    private static FeatureSet random(int n, int d, int k, int seed) {
        Random random = new Random(seed);
        float[] values = new float[n * d];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = i % k;
            for (int j = 0; j < d; j++) {
                values[i * d + j] = (float) random.nextGaussian() + (j % k == labels[i] ? 1 : 0);
            }
        }
        return new DenseFeatures(d, 1, values, labels);
    }
}
