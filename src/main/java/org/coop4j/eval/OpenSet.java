package org.coop4j.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Scores for recognising pictures of unknown classes, evaluated by leaving out each class in turn: its pictures are
 * scored by the logits of the other classes (Hendrycks and Gimpel, 2017, and Liu and others, Energy-based
 * Out-of-distribution Detection, 2020, with the false-positive rate at a true-positive rate of 95 %).
 */
public enum OpenSet {
    /** The largest logit. */
    MAX_LOGIT,
    /** The negative energy, log Σ exp(logit). */
    ENERGY,
    /** The largest probability. */
    PROBABILITY;

    /** Share of the pictures of known classes that must be accepted. */
    public static final double ACCEPTED = 0.95;

    private static final int NO_CLASS = -1;

    /** Returns the score of an image, higher for known classes. */
    public double score(float[] logits) {
        return score(logits, NO_CLASS);
    }

    /** Returns the score of an image without the logit of one class. */
    private double score(float[] logits, int without) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < logits.length; c++) {
            largest = c == without ? largest : Math.max(largest, logits[c]);
        }
        double sum = 0;
        for (int c = 0; c < logits.length; c++) {
            sum += c == without ? 0 : Math.exp(logits[c] - largest);
        }
        double energy = largest + Math.log(sum);
        return switch (this) {
            case MAX_LOGIT -> largest;
            case ENERGY -> energy;
            case PROBABILITY -> Math.exp(largest - energy);
        };
    }

    /**
     * Returns the percentage of pictures of a class left out that are accepted, averaged over classes, if 95 % of the
     * pictures of the other classes are accepted.
     *
     * @param scores of two classes or more
     * @param leftOut classes that some, but not all of the pictures show
     * @param known pictures that stand for those of the other classes
     */
    public double falsePositives(Scores scores, int[] leftOut, Scores known) {
        return Arrays.stream(leftOut)
                .mapToDouble(c -> falsePositives(scores(known, c, false), scores(scores, c, true)))
                .average()
                .orElse(Double.NaN);
    }

    private double[] scores(Scores scores, int without, boolean ofIt) {
        Scores some = scores.select(IntStream.range(0, scores.size())
                .filter(i -> scores.truth().get(i).single() == without == ofIt)
                .toArray());
        double[] all = new double[some.size()];
        some.each((i, row) -> all[i] = score(row, without));
        return all;
    }

    /**
     * Returns the percentage of unknown pictures whose score reaches the highest threshold that 95 % of the known ones
     * reach.
     *
     * @param known scores of pictures of known classes, at least one
     * @param unknown scores of pictures of unknown classes, at least one
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
