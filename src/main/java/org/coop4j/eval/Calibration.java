package org.coop4j.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.commons.math3.analysis.UnivariateFunction;
import org.apache.commons.math3.analysis.solvers.BrentSolver;
import org.coop4j.base.Require;

/**
 * Agreement of confidences and accuracies (Guo and others, On Calibration of Modern Neural Networks, 2017).
 *
 * <p>An image's confidence is the probability of its predicted label. Bin b of B holds the confidences in (b/B,
 * (b+1)/B]. The expected calibration error is Σ n_b/n · |accuracy_b − confidence_b|, with accuracy and mean confidence
 * of a bin from 0 to 1.
 *
 * @param bins the bins, of equal width, from low to high confidence
 */
public record Calibration(List<Bin> bins) {
    /** The usual number of bins in the literature. */
    public static final int USUAL_BINS = 15;

    public Calibration {
        bins = List.copyOf(bins);
    }

    /**
     * One bin.
     *
     * @param count number of images
     * @param accuracy share of them predicted correctly, 0 if there are none
     * @param confidence their mean confidence, 0 if there are none
     */
    public record Bin(int count, double accuracy, double confidence) {}

    /** Bins the softmax of {@code logits} [images][classes]. */
    public static Calibration ofLogits(int[] truth, float[][] logits, int bins) {
        Predictions.requireAsMany(truth.length, "labels", logits.length, "rows of logits");
        double[] confidence = new double[truth.length];
        boolean[] correct = new boolean[truth.length];
        for (int i = 0; i < truth.length; i++) {
            int predicted = Predictions.argmax(logits[i]);
            confidence[i] = Predictions.softmax(logits[i])[predicted];
            correct[i] = predicted == truth[i];
        }
        return of(confidence, correct, bins);
    }

    /**
     * Bins confidences.
     *
     * @param confidence confidence of each image's prediction
     * @param correct whether the prediction is correct
     */
    public static Calibration of(double[] confidence, boolean[] correct, int bins) {
        Require.that(bins >= 1, "bins: expected 1 or more, got %s", bins);
        int[] counts = new int[bins];
        int[] right = new int[bins];
        double[] sums = new double[bins];
        for (int i = 0; i < confidence.length; i++) {
            int bin = Math.max(0, Math.min(bins - 1, (int) Math.ceil(confidence[i] * bins) - 1));
            counts[bin]++;
            right[bin] += correct[i] ? 1 : 0;
            sums[bin] += confidence[i];
        }
        List<Bin> all = new ArrayList<>();
        for (int b = 0; b < bins; b++) {
            int n = Math.max(counts[b], 1);
            all.add(new Bin(counts[b], (double) right[b] / n, sums[b] / n));
        }
        return new Calibration(all);
    }

    /** Returns the expected calibration error, from 0 to 1. */
    public double expectedError() {
        int total = bins.stream().mapToInt(Bin::count).sum();
        return bins.stream()
                .mapToDouble(b -> b.count() * Math.abs(b.accuracy() - b.confidence()) / total)
                .sum();
    }

    /**
     * Temperature scaling (Guo and others, On Calibration of Modern Neural Networks, 2017): logits are divided by the
     * temperature that minimises the mean cross-entropy of held-out images, so that predictions with a probability of 80 %
     * are correct four times out of five. It changes no prediction.
     */
    public static final class Temperature {
        /** The temperature that leaves the probabilities unchanged. */
        public static final double NONE = 1;

        private static final double LARGEST_LOG = 12;
        private static final double ACCURACY = 1e-12;
        private static final int MOST_STEPS = 500;

        private Temperature() {}

        /**
         * Fits a temperature to held-out images.
         *
         * @param truth label of each image
         * @param logits [images][classes]
         * @return the temperature; empty if there is no minimum, since all predictions are correct (any lower temperature
         *     fits better) or the logits are worse than chance
         * @throws IllegalArgumentException if the arrays differ in length
         */
        public static OptionalDouble fit(int[] truth, float[][] logits) {
            Require.that(
                    truth.length == logits.length,
                    "expected as many labels as rows of logits, got %d labels and %d rows",
                    truth.length,
                    logits.length);
            // The cross-entropy is convex in the inverse temperature: its slope changes sign once.
            UnivariateFunction slope = log -> slope(truth, logits, Math.exp(log));
            if (!(slope.value(-LARGEST_LOG) < 0 && slope.value(LARGEST_LOG) > 0)) {
                return OptionalDouble.empty();
            }
            double log = new BrentSolver(ACCURACY, ACCURACY).solve(MOST_STEPS, slope, -LARGEST_LOG, LARGEST_LOG, 0);
            return OptionalDouble.of(Math.exp(-log));
        }

        /** Returns d/dβ of Σ cross-entropy(β · logits) = Σ (mean logit under softmax(β · logits) − own). */
        private static double slope(int[] truth, float[][] logits, double inverse) {
            double slope = 0;
            for (int i = 0; i < truth.length; i++) {
                double[] p = Predictions.softmax(logits[i], 1 / inverse);
                // Differences from the true logit, which keep their digits if all p but one are small.
                for (int c = 0; c < p.length; c++) {
                    slope += p[c] * ((double) logits[i][c] - logits[i][truth[i]]);
                }
            }
            return slope;
        }

        /** Returns the logits divided by a temperature. */
        public static float[][] scale(float[][] logits, double temperature) {
            float[][] scaled = new float[logits.length][];
            for (int i = 0; i < logits.length; i++) {
                scaled[i] = new float[logits[i].length];
                for (int c = 0; c < scaled[i].length; c++) {
                    scaled[i][c] = (float) (logits[i][c] / temperature);
                }
            }
            return scaled;
        }
    }
}
