package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.assertj.core.data.Offset;
import org.coop4j.base.RefusedException;
import org.coop4j.eval.Evaluation.ConfusionMatrix;
import org.junit.jupiter.api.Test;

/** Measures, temperatures and thresholds as scipy, scikit-learn and the reference have them. */
class EvaluationTest {

    /** Percentages computed in another order of operations. */
    private static final Offset<Double> PERCENT = within(1e-10);

    @Test
    void everyFigureEqualsScikitLearns() throws IOException {
        JsonNode golden = golden("metrics.json");
        assertThat(golden.get("cases").size()).isEqualTo(7);
        for (JsonNode expected : golden.get("cases")) {
            Evaluation result = Evaluation.of(ints(expected.get("truth")), ints(expected.get("predicted")));
            assertThat(result.accuracy()).isEqualTo(expected.get("accuracy").asDouble(), PERCENT);
            assertThat(result.macroF1()).isEqualTo(expected.get("macro_f1").asDouble(), PERCENT);
            for (int i = 0; i < result.classes().size(); i++) {
                Evaluation.ClassResult found = result.classes().get(i);
                assertThat(found.accuracy())
                        .isEqualTo(expected.get("recall").get(i).asDouble(), PERCENT);
                assertThat(found.f1()).isEqualTo(expected.get("f1").get(i).asDouble(), PERCENT);
            }
        }
    }

    @Test
    void confusionEqualsScikitLearns() throws IOException {
        for (JsonNode expected : golden("metrics.json").get("cases")) {
            ConfusionMatrix found = ConfusionMatrix.of(ints(expected.get("truth")), ints(expected.get("predicted")));
            assertThat(found.labels()).isEqualTo(ints(expected.get("labels")));
            for (int row = 0; row < found.size(); row++) {
                for (int column = 0; column < found.size(); column++) {
                    assertThat(found.count(row, column))
                            .isEqualTo(expected.get("confusion")
                                    .get(row)
                                    .get(column)
                                    .asInt());
                }
            }
            JsonNode normalised = expected.get("confusion_normalised");
            for (int row = 0; row < normalised.size(); row++) {
                for (int column = 0; column < found.size(); column++) {
                    assertThat(found.normalised()[row][column])
                            .isEqualTo(normalised.get(row).get(column).asDouble(), PERCENT);
                }
            }
        }
    }

    @Test
    void agreesWithTheReferencesEvaluator() {
        Evaluation result = Evaluation.of(new int[] {0, 0, 0, 1, 1, 2, 2, 2, 2}, new int[] {0, 0, 3, 1, 0, 2, 2, 1, 3});

        assertThat(result.accuracy()).isEqualTo(55.56, within(5e-3));
        assertThat(result.errorRate()).isEqualTo(44.44, within(5e-3));
        assertThat(result.macroF1()).isEqualTo(61.1111, within(5e-5));
        assertThat(result.classes()).hasSize(3);
        assertThat(result.confusion().normalised()).isDeepEqualTo(new double[][] {
            {2.0 / 3, 0, 0, 1.0 / 3},
            {0.5, 0.5, 0, 0},
            {0, 0.25, 0.5, 0.25},
            {0, 0, 0, 0}
        });
    }

    @Test
    void equalScoresPredictTheFirst() {
        assertThat(Predictions.argmax(new float[][] {{1, 3, 3}, {2, 2, 2}, {0, -0f, 0}}))
                .containsExactly(1, 0, 0);
        assertThat(new Scores(new int[] {1, 2}, new float[][] {{1, 3, 3}, {1, 3, 3}}).right())
                .isEqualTo(1);
    }

    @Test
    void nanScoresAreRefused() {
        assertThrown(RefusedException.class, () -> Predictions.argmax(new float[] {1, Float.NaN}), "class 1", "NaN");
        assertThrown(IllegalArgumentException.class, () -> Predictions.argmax(new float[0]));
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    private static final double ROUNDING = 1e-9;

    /** The scaled logits are floats. */
    private static final double FLOAT = 2e-6;

    @Test
    void temperaturesAreTheNearestThatChanceExplains() throws IOException {
        for (JsonNode golden : golden("confidence.json").get("confidence")) {
            Scores scores = scores(golden);
            double wanted = golden.get("nearest").asDouble();
            assertThat(scores.temperature()).isEqualTo(wanted, within(ROUNDING * wanted));
            assertThat(loss(scores, Calibration.NO_TEMPERATURE))
                    .isEqualTo(golden.get("loss_before").asDouble(), within(ROUNDING));
            assertThat(loss(scores, golden.get("temperature").asDouble()))
                    .isEqualTo(golden.get("loss_after").asDouble(), within(ROUNDING));
        }
    }

    @Test
    void fewImagesChangeNothingAndManyApproachTheLeastCrossEntropy() throws IOException {
        JsonNode golden = golden("confidence.json").get("confidence").get(0);
        Scores scores = scores(golden);
        Scores few = new Scores(Arrays.copyOf(scores.labels(), 3), Arrays.copyOf(scores.logits(), 3));
        assertThat(few.temperature()).isEqualTo(1);
        double before = 1;
        for (int copies : new int[] {1, 10, 100}) {
            Scores many = Collections.nCopies(copies, scores).stream().reduce(Scores.NONE, Scores::and);
            double temperature = many.temperature();
            assertThat(temperature).isBetween(before, golden.get("temperature").asDouble());
            before = temperature;
        }
        assertThat(before).isGreaterThan(4.5);
    }

    @Test
    void logitsThatAreAllRightOrAllWrongGiveAFiniteTemperature() {
        float[][] sure = {{3, 0}, {0, 3}};
        assertThat(new Scores(new int[] {0, 1}, sure).temperature()).isEqualTo(1);
        assertThat(new Scores(new int[] {1, 0}, sure).temperature()).isBetween(2.0, 10.0);
        assertThat(Scores.NONE.temperature()).isEqualTo(1);
    }

    @Test
    void reliabilityIsScikitLearns() throws IOException {
        for (JsonNode golden : golden("confidence.json").get("confidence")) {
            Calibration calibration = calibrated(golden).calibration(10);

            List<Calibration.Bin> bins =
                    calibration.bins().stream().filter(bin -> bin.count() > 0).toList();
            double[] accuracy = doubles(golden.get("bins").get("accuracy"));
            double[] confidence = doubles(golden.get("bins").get("confidence"));
            assertThat(bins).hasSameSizeAs(accuracy);
            for (int b = 0; b < accuracy.length; b++) {
                assertThat(bins.get(b).accuracy()).isEqualTo(accuracy[b], within(ROUNDING));
                assertThat(bins.get(b).confidence()).isEqualTo(confidence[b], within(FLOAT));
            }
        }
    }

    @Test
    void thresholdsAreScikitLearns() throws IOException {
        for (JsonNode golden : golden("confidence.json").get("confidence")) {
            Coverage coverage = calibrated(golden).coverage();
            double[] thresholds = doubles(golden.get("thresholds"));
            double[] accuracies = doubles(golden.get("accuracies"));
            double[] coverages = doubles(golden.get("coverages"));

            assertThat(coverage.points()).hasSameSizeAs(thresholds);
            for (int i = 0; i < thresholds.length; i++) {
                // scikit-learn's are from the lowest threshold to the highest.
                Coverage.Point point = coverage.points().get(thresholds.length - 1 - i);
                assertThat(point.threshold()).isEqualTo(thresholds[i], within(FLOAT));
                assertThat(point.accuracy()).isEqualTo(accuracies[i], within(ROUNDING));
                assertThat(point.coverage()).isEqualTo(coverages[i], within(ROUNDING));
            }
        }
    }

    @Test
    void theSuggestedThresholdAnswersMostWithTheRequiredAccuracy() throws IOException {
        for (JsonNode golden : golden("confidence.json").get("confidence")) {
            double[] accuracies = doubles(golden.get("accuracies"));
            double[] coverages = doubles(golden.get("coverages"));
            double most = 0;
            for (int i = 0; i < accuracies.length; i++) {
                most = accuracies[i] >= 80 ? Math.max(most, coverages[i]) : most;
            }

            Coverage.Point suggested =
                    calibrated(golden).coverage().answering(80).orElseThrow();

            assertThat(suggested.coverage()).isEqualTo(most, within(ROUNDING));
            Coverage.Point reached = calibrated(golden).coverage().at(suggested.threshold());
            assertThat(reached).isEqualTo(suggested);
        }
        assertThat(Coverage.of(new double[] {0.5}, new boolean[] {false}).answering(1))
                .isEmpty();
    }

    @Test
    void falsePositiveRatesOfClassesLeftOutAreScikitLearns() throws IOException {
        for (JsonNode golden : golden("confidence.json").get("confidence")) {
            for (OpenSet score : OpenSet.values()) {
                assertThat(scores(golden).falsePositives(score))
                        .isEqualTo(
                                golden.get("false_positives").get(score.name()).asDouble(), within(ROUNDING));
            }
        }
    }

    @Test
    void errorIsTheWeightedGapOfAccuracyAndConfidence() {
        // Confidences 0.75, 0.75, 0.75 (two of three right) and 0.5 (wrong).
        float odds = (float) Math.log(3);
        Scores scores = new Scores(new int[] {0, 0, 0, 1}, new float[][] {{odds, 0}, {odds, 0}, {0, odds}, {0, 0}});
        Calibration calibration = scores.calibration(15);

        assertThat(calibration.bins()).hasSize(15);
        assertThat(calibration.bins().get(11).count()).isEqualTo(3);
        assertThat(calibration.bins().get(7).count()).isEqualTo(1);
        assertThat(scores.calibrationError()).isEqualTo(0.75 * (0.75 - 2.0 / 3) + 0.25 * 0.5, within(1e-7));
    }

    @Test
    void binsIncludeTheirUpperEnd() {
        Scores half = new Scores(new int[] {0}, new float[][] {{0, 0}});
        assertThat(half.calibration(2).bins().get(0).count()).isEqualTo(1);
        Scores sure = new Scores(new int[] {0}, new float[][] {{1000, 0}});
        assertThat(sure.calibration(15).bins().get(14).count()).isEqualTo(1);
    }

    @Test
    void softmaxSumsToOneAtAnySize() {
        for (float size : new float[] {0, 1, 100, 1e30f}) {
            double[] probabilities = Predictions.softmax(new float[] {size, -size, 0, size});
            assertThat(DoubleStream.of(probabilities).sum()).isEqualTo(1, within(1e-12));
        }
    }

    private static JsonNode golden(String name) throws IOException {
        try (InputStream in = EvaluationTest.class.getResourceAsStream(name)) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static Scores calibrated(JsonNode golden) {
        return scores(golden).at(golden.get("temperature").asDouble());
    }

    private static double loss(Scores scores, double temperature) {
        return IntStream.range(0, scores.size())
                .mapToDouble(i -> -Math.log(Predictions.softmax(scores.logits()[i], temperature)[scores.labels()[i]]))
                .average()
                .orElseThrow();
    }

    private static Scores scores(JsonNode golden) {
        int[] truth = StreamSupport.stream(golden.get("truth").spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
        return new Scores(truth, new ObjectMapper().convertValue(golden.get("logits"), float[][].class));
    }

    private static double[] doubles(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    @Test
    void manyLogitsAreComputedAnewAndGiveTheSame() {
        int n = 18_000;
        int classes = 1_000;
        List<Labels> truth = Labels.singles(new Random(1).ints(n, 0, classes).toArray());
        AtomicInteger most = new AtomicInteger();
        Function<int[], float[][]> source = positions -> {
            most.accumulateAndGet(positions.length, Math::max);
            return IntStream.of(positions)
                    .mapToObj(i -> {
                        Random random = new Random(i);
                        float[] row = new float[classes];
                        for (int c = 0; c < classes; c++) {
                            row[c] = random.nextInt(1 << 16) / 4096f;
                        }
                        row[truth.get(i).single()] += i % 2 * 16;
                        return row;
                    })
                    .toArray(float[][]::new);
        };
        Scores many = Scores.of(truth, classes, source);
        int[] some = Scores.drawn(n, 300);
        Scores kept = new Scores(IntStream.of(some).mapToObj(truth::get).toList(), source.apply(some));

        assertThat(most.getAndSet(0)).isEqualTo(300);
        for (double temperature : new double[] {1, 2.5}) {
            Scores all = many.at(temperature);
            Scores few = kept.at(temperature);
            for (int j = 0; j < some.length; j++) {
                assertThat(all.predictions()[some[j]]).isEqualTo(few.predictions()[j]);
                assertThat(all.confidences()[some[j]]).isEqualTo(few.confidences()[j]);
                assertThat(all.ownProbabilities()[some[j]]).isEqualTo(few.ownProbabilities()[j]);
                assertThat(all.margins()[some[j]]).isEqualTo(few.margins()[j]);
                assertThat(all.others()[some[j]]).isEqualTo(few.others()[j]);
            }
            assertThat(all.sample(300).logits()).isDeepEqualTo(few.logits());
        }
        assertThat(most).hasValueLessThan(n / 4);
        Scores both = kept.and(many);
        assertThat(both.size()).isEqualTo(n + 300);
        assertThat(both.select(new int[] {299, 300}).logits())
                .isDeepEqualTo(new float[][] {kept.logits()[299], source.apply(new int[] {0})[0]});
        assertThat(many.fitted()).isEqualTo(4194);
        assertThat(many.temperature())
                .isEqualTo(many.select(Scores.drawn(n, 4194)).temperature())
                .isGreaterThan(1);
    }
}
