package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.StreamSupport;
import org.coop4j.eval.Calibration.Temperature;
import org.junit.jupiter.api.Test;

/** Temperatures and thresholds as scipy and scikit-learn have them. */
class ConfidenceTest {
    private static final double ROUNDING = 1e-9;

    /** scipy's search for a minimum finds it to about the root of the machine precision. */
    private static final double SEARCHED = 1e-6;

    /** The scaled logits are floats. */
    private static final double FLOAT = 2e-6;

    @Test
    void temperaturesAreThoseOfLeastCrossEntropy() throws IOException {
        for (JsonNode golden : golden().get("confidence")) {
            int[] truth = truth(golden);
            double wanted = golden.get("temperature").asDouble();

            double temperature = Temperature.fit(truth, logits(golden)).orElseThrow();

            assertThat(temperature).isEqualTo(wanted, within(SEARCHED * wanted));
            assertThat(loss(truth, logits(golden), Temperature.NONE))
                    .isEqualTo(golden.get("loss_before").asDouble(), within(ROUNDING));
            assertThat(loss(truth, logits(golden), temperature))
                    .isEqualTo(golden.get("loss_after").asDouble(), within(ROUNDING));
        }
    }

    @Test
    void imagesWithoutAMinimumGiveNoTemperature() {
        float[][] sure = {{3, 0}, {0, 3}};

        assertThat(Temperature.fit(new int[] {0, 1}, sure)).isEmpty();
        assertThat(Temperature.fit(new int[] {1, 0}, sure)).isEmpty();
        assertThat(Temperature.fit(new int[0], new float[0][])).isEqualTo(OptionalDouble.empty());
    }

    @Test
    void reliabilityIsScikitLearns() throws IOException {
        for (JsonNode golden : golden().get("confidence")) {
            Calibration calibration = Calibration.ofLogits(truth(golden), calibrated(golden), 10);

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
        for (JsonNode golden : golden().get("confidence")) {
            Coverage coverage = coverage(golden);
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
        for (JsonNode golden : golden().get("confidence")) {
            double[] accuracies = doubles(golden.get("accuracies"));
            double[] coverages = doubles(golden.get("coverages"));
            double most = 0;
            for (int i = 0; i < accuracies.length; i++) {
                most = accuracies[i] >= 80 ? Math.max(most, coverages[i]) : most;
            }

            Coverage.Point suggested = coverage(golden).answering(80).orElseThrow();

            assertThat(suggested.coverage()).isEqualTo(most, within(ROUNDING));
            Coverage.Point reached = coverage(golden).at(suggested.threshold());
            assertThat(reached).isEqualTo(suggested);
        }
        assertThat(Coverage.of(new double[] {0.5}, new boolean[] {false}).answering(1))
                .isEmpty();
    }

    @Test
    void falsePositiveRatesOfClassesLeftOutAreScikitLearns() throws IOException {
        for (JsonNode golden : golden().get("confidence")) {
            for (OpenSet score : OpenSet.values()) {
                assertThat(score.falsePositives(truth(golden), logits(golden)))
                        .isEqualTo(
                                golden.get("false_positives").get(score.name()).asDouble(), within(ROUNDING));
            }
        }
    }

    @Test
    void badArgumentsAreRefused() {
        assertThatThrownBy(() -> Coverage.of(new double[0], new boolean[0])).hasMessageContaining("at least one");
        assertThatThrownBy(() -> Temperature.fit(new int[1], new float[2][2]))
                .hasMessageContaining("1 labels and 2 rows");
    }

    private static JsonNode golden() throws IOException {
        try (InputStream in = ConfidenceTest.class.getResourceAsStream("confidence.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static float[][] calibrated(JsonNode golden) {
        return Temperature.scale(logits(golden), golden.get("temperature").asDouble());
    }

    private static Coverage coverage(JsonNode golden) {
        float[][] logits = calibrated(golden);
        int[] truth = truth(golden);
        double[] confidence = new double[truth.length];
        boolean[] right = new boolean[truth.length];
        for (int i = 0; i < truth.length; i++) {
            int predicted = Predictions.argmax(logits[i]);
            confidence[i] = Predictions.softmax(logits[i])[predicted];
            right[i] = predicted == truth[i];
        }
        return Coverage.of(confidence, right);
    }

    private static double loss(int[] truth, float[][] logits, double temperature) {
        double sum = 0;
        for (int i = 0; i < truth.length; i++) {
            sum -= Math.log(Predictions.softmax(logits[i], temperature)[truth[i]]);
        }
        return sum / truth.length;
    }

    private static int[] truth(JsonNode golden) {
        return StreamSupport.stream(golden.get("truth").spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    private static float[][] logits(JsonNode golden) {
        List<float[]> rows = new ArrayList<>();
        for (JsonNode row : golden.get("logits")) {
            double[] values = doubles(row);
            float[] floats = new float[values.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) values[i];
            }
            rows.add(floats);
        }
        return rows.toArray(float[][]::new);
    }

    private static double[] doubles(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }
}
