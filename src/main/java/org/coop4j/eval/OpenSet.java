package org.coop4j.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How well a score tells pictures of the classes from pictures of none, measured by leaving out one
 * class after the other: its pictures are scored by the logits of the other classes, as if it were
 * none of them (Hendrycks and Gimpel, 2017, and Liu and others, Energy-based Out-of-distribution
 * Detection, 2020, whose measure is the false-positive rate at a true-positive rate of 95 %).
 */
public enum OpenSet {
    /** The largest logit. */
    MAX_LOGIT {
        @Override
        double score(float[] logits, int without) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < logits.length; c++) {
                largest = c == without ? largest : Math.max(largest, logits[c]);
            }
            return largest;
        }
    },
    /** The negative energy, log Σ exp(logit). */
    ENERGY {
        @Override
        double score(float[] logits, int without) {
            double largest = MAX_LOGIT.score(logits, without);
            double sum = 0;
            for (int c = 0; c < logits.length; c++) {
                sum += c == without ? 0 : Math.exp(logits[c] - largest);
            }
            return largest + Math.log(sum);
        }
    },
    /** The largest probability. */
    PROBABILITY {
        @Override
        double score(float[] logits, int without) {
            return Math.exp(MAX_LOGIT.score(logits, without) - ENERGY.score(logits, without));
        }
    };

    /** Share of the pictures of the classes that must be accepted. */
    public static final double ACCEPTED = 0.95;

    private static final int NO_CLASS = -1;

    /** Returns the score of an image: the higher, the more it is one of the classes. */
    public double score(float[] logits) {
        return score(logits, NO_CLASS);
    }

    /** Returns the score of an image as if class {@code without} were none. */
    abstract double score(float[] logits, int without);

    /**
     * Returns the percentage of the pictures of a class left out that are accepted as one of the
     * others, mean over the classes, if 95 % of the pictures of the others are accepted.
     *
     * @param truth label of each image
     * @param logits [images][classes], of two classes or more
     */
    public double falsePositives(int[] truth, float[][] logits) {
        return Arrays.stream(truth)
                .distinct()
                .filter(c -> Arrays.stream(truth).anyMatch(other -> other != c))
                .mapToDouble(c -> falsePositives(scores(truth, logits, c, false), scores(truth, logits, c, true)))
                .average()
                .orElse(Double.NaN);
    }

    private double[] scores(int[] truth, float[][] logits, int without, boolean ofIt) {
        return IntStream.range(0, truth.length)
                .filter(i -> truth[i] == without == ofIt)
                .mapToDouble(i -> score(logits[i], without))
                .toArray();
    }

    /**
     * Returns the percentage of unknown pictures whose score reaches the highest threshold that 95
     * % of the known ones reach.
     *
     * @param known scores of pictures of the classes, at least one
     * @param unknown scores of pictures of none, at least one
     */
    public static double falsePositives(double[] known, double[] unknown) {
        double[] sorted = known.clone();
        Arrays.sort(sorted);
        int accepted = (int) Math.ceil(ACCEPTED * sorted.length - 1e-9);
        double threshold = sorted[sorted.length - accepted];
        return 100.0
                * Arrays.stream(unknown).filter(score -> score >= threshold).count()
                / unknown.length;
    }
}
