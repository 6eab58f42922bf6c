package org.coop4j.eval;

/** Turns scores into labels and probabilities. */
public final class Predictions {
    private Predictions() {}

    /**
     * Returns the position of the largest score, the first of them if several are equal.
     *
     * @throws IllegalArgumentException if there is no score or one is NaN
     */
    public static int argmax(float[] scores) {
        if (scores.length == 0) {
            throw new IllegalArgumentException("there are no scores to choose from");
        }
        int best = 0;
        for (int i = 0; i < scores.length; i++) {
            if (Float.isNaN(scores[i])) {
                throw new IllegalArgumentException("score " + i + " is not a number");
            }
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }

    /** Returns the {@link #argmax} of each row of {@code scores} [images][classes]. */
    public static int[] argmax(float[][] scores) {
        int[] labels = new int[scores.length];
        for (int i = 0; i < scores.length; i++) {
            labels[i] = argmax(scores[i]);
        }
        return labels;
    }

    /** Returns the softmax of one row of logits; the sums are in double precision. */
    public static double[] softmax(float[] logits) {
        return softmax(logits, Temperature.NONE);
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
}
