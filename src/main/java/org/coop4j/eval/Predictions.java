package org.coop4j.eval;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;

/** Turns scores into labels and probabilities. */
public final class Predictions {
    private Predictions() {}

    /**
     * Returns the position of the largest score, the first of equal ones.
     *
     * @throws RefusedException if one is NaN or infinite
     * @throws IllegalArgumentException if there is none
     */
    public static int argmax(float[] scores) {
        Require.that(scores.length != 0, "argmax: expected 1 or more scores, got none");
        int best = 0;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < scores.length; i++) {
            if (!(scores[i] < Float.POSITIVE_INFINITY)) { // not a number, or infinite
                throw new RefusedException(
                        "the score of class %d is %s: expected a number; the classifier's values are wrong, so learn it again"
                                .formatted(i, scores[i]));
            }
            if (scores[i] > most) {
                best = i;
                most = scores[i];
            }
        }
        return best;
    }

    /** Returns the position of the largest of some numbers, the first of equal ones; 0 if there are none. */
    public static int argmax(int count, IntToDoubleFunction number) {
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            double value = number.applyAsDouble(i);
            if (value > most) {
                best = i;
                most = value;
            }
        }
        return best;
    }

    /** Returns the {@link #argmax} of each row of {@code scores} [images][classes]. */
    public static int[] argmax(float[][] scores) {
        return Arrays.stream(scores).parallel().mapToInt(Predictions::argmax).toArray();
    }

    /** Returns the softmax of one row of logits, summed in double precision. */
    public static double[] softmax(float[] logits) {
        return softmax(logits, Calibration.NO_TEMPERATURE);
    }

    /** Returns the softmax of one row of logits divided by a temperature. */
    public static double[] softmax(float[] logits, double temperature) {
        double largest = logits[argmax(logits)];
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = Math.exp((logits[i] - largest) / temperature);
            sum += probabilities[i];
        }
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] /= sum;
        }
        return probabilities;
    }

    /** Refuses numbers of values that differ or are 0. */
    static void requireAsMany(int first, String ofFirst, int second, String ofSecond) {
        Require.that(
                first == second && first != 0,
                "expected as many %s as %s, at least one, got %d and %d",
                ofFirst,
                ofSecond,
                first,
                second);
    }
}
