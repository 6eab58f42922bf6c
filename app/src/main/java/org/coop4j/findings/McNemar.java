package org.coop4j.findings;

import org.apache.commons.math3.distribution.BinomialDistribution;
import org.coop4j.base.Require;
import org.coop4j.console.Interval;

/**
 * Comparison of two classifiers on the same images by McNemar's exact test (McNemar, Note on the Sampling Error of the
 * Difference Between Correlated Proportions or Percentages, 1947).
 *
 * @param images number of images
 * @param firstOnly number of images that the first alone classifies correctly
 * @param secondOnly number of images that the second alone classifies correctly
 */
public record McNemar(int images, int firstOnly, int secondOnly) {
    private static final double NORMAL_QUANTILE = 1.959963984540054;

    public McNemar {
        Require.that(
                images >= 1 && firstOnly >= 0 && secondOnly >= 0 && (long) firstOnly + secondOnly <= images,
                "%d and %d of %d images: expected two shares of 1 or more images",
                firstOnly,
                secondOnly,
                images);
    }

    /**
     * Compares the images that two classifiers predict correctly.
     *
     * @throws IllegalArgumentException if the arrays differ in length or are empty
     */
    public static McNemar of(boolean[] first, boolean[] second) {
        Require.that(
                first.length == second.length,
                "expected as many predictions of the first classifier as of the second, got %d and %d",
                first.length,
                second.length);
        int firstOnly = 0;
        int secondOnly = 0;
        for (int i = 0; i < first.length; i++) {
            firstOnly += first[i] && !second[i] ? 1 : 0;
            secondOnly += second[i] && !first[i] ? 1 : 0;
        }
        return new McNemar(first.length, firstOnly, secondOnly);
    }

    /** Returns the difference of the accuracies, first minus second, in percentage points. */
    public double difference() {
        return 100.0 * (firstOnly - secondOnly) / images;
    }

    /**
     * Returns the two-sided probability of such an uneven division of the images on which they disagree, if both were
     * equally good; 1 if they never disagree.
     */
    public double pValue() {
        int disagreements = firstOnly + secondOnly;
        if (disagreements == 0) {
            return 1;
        }
        BinomialDistribution fair = new BinomialDistribution(null, disagreements, 0.5);
        return Math.min(1, 2 * fair.cumulativeProbability(Math.min(firstOnly, secondOnly)));
    }

    /**
     * Returns the 95 % interval of the difference, in percentage points: Wald's with one disagreement more on either
     * side, which holds for few images too (Bonett and Price, Adjusted Wald Confidence Interval for a Difference of
     * Binomial Proportions Based on Paired Data, 2012).
     */
    public Interval interval() {
        double n = images + 2;
        double first = (firstOnly + 1) / n;
        double second = (secondOnly + 1) / n;
        double difference = first - second;
        double half = NORMAL_QUANTILE * Math.sqrt((first + second - difference * difference) / n);
        return new Interval(100 * Math.max(-1, difference - half), 100 * Math.min(1, difference + half));
    }
}
