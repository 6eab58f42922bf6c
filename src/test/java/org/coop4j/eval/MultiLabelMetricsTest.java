package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.eval.LabelScores.Agreement;
import org.coop4j.eval.LabelScores.Bounds;
import org.coop4j.eval.LabelScores.Cut;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.LabelScores.Measure;
import org.coop4j.method.GoldenMethods;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Metrics, thresholds, probabilities and intervals of several labels against scikit-learn and the references' code. */
class MultiLabelMetricsTest {

    private static final double RELATIVE = 1e-9;

    /** Reads from a file of values. */
    private interface Read<T> {
        T of(GoldenMethods golden) throws IOException;
    }

    private static <T> T read(String file, Read<T> read) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("multi_label", file)) {
            return read.of(golden);
        }
    }

    private static JsonNode json(String file) throws IOException {
        return read(file, GoldenMethods::json);
    }

    private static List<String> keys(String file, Predicate<JsonNode> chosen) throws IOException {
        return read(file, golden -> golden.cases().stream()
                .filter(key -> chosen.test(golden.of(key)))
                .toList());
    }

    private static JsonNode of(String file, String key) throws IOException {
        return read(file, golden -> golden.of(key));
    }

    private static float[][] rows(String file, String name) throws IOException {
        return read(file, golden -> golden.matrix(name).toRows());
    }

    private static List<Labels> labels(String file, String name) throws IOException {
        return read(file, golden -> golden.labels(name));
    }

    private static LabelScores scores(String file, String key) throws IOException {
        return LabelScores.of(labels(file, key + ".labels"), rows(file, key + ".scores"));
    }

    private static Decision at(double threshold) {
        return new Decision(threshold, List.of(), 1, 0);
    }

    static List<String> metrics() throws IOException {
        return keys("metrics", i -> true);
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void metricsEqualScikitLearnAndTheReferences(String key) throws IOException {
        JsonNode c = of("metrics", key);
        LabelScores scores = scores("metrics", key);
        JsonNode averages = c.get("average_precision");
        for (int k = 0; k < averages.size(); k++) {
            assertEqual("AP " + k, scores.averagePrecision(k), averages.get(k), 100);
            assertThat(scores.positives(k) == 0).isEqualTo(averages.get(k).isNull());
        }
        assertEqual("mAP", scores.meanAveragePrecision(), c.get("mAP"), 1);
        assertAgreement(scores.at(at(c.get("threshold").asDouble())), c.get("at_threshold"));
        assertAgreement(scores.top(), c.get("top3"));
    }

    private static void assertAgreement(Agreement actual, JsonNode expected) {
        assertEqual("CP", actual.cp(), expected.get("CP"), 1);
        assertEqual("CR", actual.cr(), expected.get("CR"), 1);
        assertEqual("CF1", actual.cf1(), expected.get("CF1"), 1);
        assertEqual("macro F1", actual.macroF1(), expected.get("macro_F1"), 1);
        assertEqual("OP", actual.op(), expected.get("OP"), 1);
        assertEqual("OR", actual.or(), expected.get("OR"), 1);
        assertEqual("OF1", actual.of1(), expected.get("OF1"), 1);
        assertEqual("subset accuracy", actual.subsetAccuracy(), expected.get("subset_accuracy"), 1);
        assertEqual("Hamming loss", actual.hammingLoss(), expected.get("hamming_loss"), 1);
        assertThat(actual.classes()).isEqualTo(expected.get("classes").asInt());
    }

    private static void assertEqual(String name, Double actual, JsonNode expected, double factor) {
        if (expected.isNull()) {
            assertThat(actual).as(name).isNull();
        } else {
            double value = factor * expected.asDouble();
            assertThat(actual).as(name).isCloseTo(value, within(RELATIVE * Math.max(1, Math.abs(value))));
        }
    }

    static List<String> thresholds() throws IOException {
        return keys("thresholds", c -> c.has("per_class"));
    }

    @ParameterizedTest
    @MethodSource("thresholds")
    void thresholdsHaveTheBestF1OfAllCandidates(String key) throws IOException {
        JsonNode c = of("thresholds", key);
        boolean ofVal = c.has("test_at_used");
        LabelScores scores = scores("thresholds", key);
        Decision used = Decision.of(scores, c.get("least_positives").asInt());
        assertEqual("shared", used.shared(), c.get("shared"), 1);
        Decision each = Decision.of(scores, 1);
        for (int k = 0; k < c.get("used").size(); k++) {
            assertEqual("used " + k, used.threshold(k), c.get("used").get(k), 1);
            assertThat(used.own().get(k) != null)
                    .isEqualTo(c.get("own_threshold").get(k).asBoolean());
            assertEqual("of class " + k, each.own().get(k), c.get("per_class").get(k), 1);
            Cut cut = Cut.best(scores, scores.ranked(k));
            assertEqual(
                    "F1 of class " + k,
                    cut == null ? null : (Double) cut.f1(),
                    c.get("per_class_f1").get(k),
                    1);
        }
        assertThat(Decision.of(scores, 0).own()).isEmpty();
        if (ofVal) {
            float[][] test = key.equals("head")
                    ? rows("linear_head", "bce_s4.test_logits.step300")
                    : Stream.of(rows("zero_shot", "test.cosines"))
                            .map(row -> scaled(row, logitScale()))
                            .toArray(float[][]::new);
            LabelScores tested = LabelScores.of(labels("problem", "test_labels"), test);
            assertAgreement(tested.at(used), c.get("test_at_used"));
            assertAgreement(tested.at(at(used.shared())), c.get("test_at_shared"));
            JsonNode platt = c.get("platt");
            assertEqual("a", used.slope(), platt.get("a"), 1);
            assertEqual("b", used.offset(), platt.get("b"), 1);
            assertEqual("on val", scores.calibrationError(used), platt.get("calibration_error_val"), 1);
            assertEqual("on test", tested.calibrationError(used), platt.get("calibration_error_test"), 1);
            assertEqual(
                    "before", tested.calibrationError(Decision.EVEN), platt.get("calibration_error_test_before"), 1);
        }
    }

    private static float logitScale() {
        try {
            return (float) json("zero_shot").get("logit_scale").asDouble();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static float[] scaled(float[] row, float factor) {
        float[] scaled = new float[row.length];
        IntStream.range(0, row.length).forEach(k -> scaled[k] = factor * row[k]);
        return scaled;
    }

    static List<String> zeroShot() throws IOException {
        return keys("zero_shot", i -> true);
    }

    @ParameterizedTest
    @MethodSource("zeroShot")
    void theThresholdsOfAPoolStandardiseItsScores(String key) throws IOException {
        JsonNode c = of("zero_shot", key);
        float[][] cosines = rows("zero_shot", key + ".cosines");
        List<Labels> labels = labels("problem", key + "_labels");
        assertEqual("mAP", LabelScores.of(labels, cosines).meanAveragePrecision(), c.get("mAP_cosines"), 1);
        float[][] val = rows("problem", "val");
        float[][] text = rows("problem", "text_norm");
        float[][] pool = Stream.of(val).map(image -> cosines(image, text)).toArray(float[][]::new);
        float[][] standardised = rows("zero_shot", key + ".standardised");
        Decision mean = Decision.ofPool(pool, 0);
        Decision above = Decision.ofPool(pool, 1);
        float scale = logitScale();
        for (int i = 0; i < cosines.length; i++) {
            double[] softmax = Predictions.softmax(scaled(cosines[i], scale));
            float[] expected = rows("zero_shot", key + ".softmax_over_classes")[i];
            boolean[] predicted = Decision.ofPool(pool).predicted(cosines[i]);
            for (int k = 0; k < text.length; k++) {
                double value = (cosines[i][k] - mean.threshold(k)) / (above.threshold(k) - mean.threshold(k));
                assertThat(value).isCloseTo(standardised[i][k], within(5e-5));
                assertThat(predicted[k]).isEqualTo(value >= 2);
                assertThat(softmax[k]).isCloseTo(expected[k], within(5e-5));
            }
        }
        assertThat(LabelScores.of(labels, standardised).meanAveragePrecision())
                .isCloseTo(c.get("mAP_standardised").asDouble(), within(1e-6));
    }

    private static float[] cosines(float[] image, float[][] text) {
        double norm = Math.sqrt(dot(image, image));
        float[] cosines = new float[text.length];
        IntStream.range(0, text.length).forEach(k -> cosines[k] = (float) (dot(image, text[k]) / norm));
        return cosines;
    }

    private static double dot(float[] a, float[] b) {
        return IntStream.range(0, a.length)
                .mapToDouble(i -> (double) a[i] * b[i])
                .sum();
    }

    @Test
    void boundsAreQuantilesOfResamples() throws IOException {
        JsonNode c = json("bootstrap");
        LabelScores scores =
                LabelScores.of(labels("problem", "test_labels"), rows("linear_head", "bce_s4.test_logits.step300"));
        Decision decision = at(c.get("threshold").asDouble());
        assertEqual("mAP", scores.meanAveragePrecision(), c.get("mAP"), 1);
        assertEqual("OF1", scores.at(decision).of1(), c.get("OF1"), 1);
        List<Double> averages = new ArrayList<>();
        List<Double> f1s = new ArrayList<>();
        int[][] draws = read("bootstrap", golden -> golden.rows("draws"));
        float[] expectedAverages = read("bootstrap", golden -> golden.floats("mAP"));
        float[] expectedF1s = read("bootstrap", golden -> golden.floats("OF1"));
        for (int resample = 0; resample < draws.length; resample++) {
            int[] times = new int[draws[resample].length];
            IntStream.of(draws[resample]).forEach(image -> times[image]++);
            averages.add(Measure.MAP.of(scores, times));
            f1s.add(Measure.of1(decision).of(scores, times));
            assertThat(averages.get(resample)).isCloseTo(expectedAverages[resample], within(1e-5));
            assertThat(f1s.get(resample)).isCloseTo(expectedF1s[resample], within(1e-5));
        }
        assertBounds(Bounds.of(averages), c.get("mAP_interval"));
        assertBounds(Bounds.of(f1s), c.get("OF1_interval"));
        Bounds own = scores.bounds(Measure.MAP, 1);
        assertThat(own.low())
                .isBetween(averages.stream().min(Double::compare).orElseThrow(), scores.meanAveragePrecision());
        assertThat(scores.bounds(Measure.MAP, 1)).isEqualTo(own);
    }

    private static void assertBounds(Bounds actual, JsonNode expected) {
        assertEqual("low", actual.low(), expected.get(0), 1);
        assertEqual("high", actual.high(), expected.get(1), 1);
    }

    @Test
    void aBetterMethodIsBetterOnTheSameResamples() {
        SplittableRandom random = new SplittableRandom(1);
        List<Labels> labels = new ArrayList<>();
        float[][] good = new float[60][2];
        float[][] bad = new float[60][2];
        for (int i = 0; i < good.length; i++) {
            labels.add(Labels.of(i % 3 == 0 ? new int[] {0} : new int[] {0, 1}, new int[] {}));
            good[i] = new float[] {1, i % 3 + (float) random.nextDouble()};
            bad[i] = new float[] {1, (float) random.nextDouble()};
        }
        LabelScores better = LabelScores.of(labels, good);
        LabelScores worse = LabelScores.of(labels, bad);
        Measure difference = Measure.MAP.less(Measure.MAP, worse);
        assertThat(better.bounds(difference, 1).low()).isPositive();
        assertThat(worse.bounds(Measure.MAP.less(Measure.MAP, worse), 1)).isEqualTo(new Bounds(0, 0));
    }
}
