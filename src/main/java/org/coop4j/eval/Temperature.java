package org.coop4j.eval;

import java.util.OptionalDouble;
import org.apache.commons.math3.analysis.UnivariateFunction;
import org.apache.commons.math3.analysis.solvers.BrentSolver;
import org.coop4j.base.Require;

/**
 * Temperature scaling (Guo and others, On Calibration of Modern Neural Networks, 2017): logits are divided by the
 * temperature that minimises the mean cross-entropy of held-out images, so that predictions with a probability of 80 %
 * are correct four times out of five. It changes no prediction.
 */
public final class Temperature {
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
