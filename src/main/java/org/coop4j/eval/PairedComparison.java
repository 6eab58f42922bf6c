package org.coop4j.eval;

import org.apache.commons.math3.stat.inference.TTest;

/**
 * Two methods compared on the same seeds or datasets by Student's paired t test.
 *
 * @param pairs pairs of numbers
 * @param meanDifference mean of first − second
 * @param t the statistic; infinite if every difference is the same and not 0, NaN if all are 0
 * @param pValue two-sided probability of a difference as large by chance; NaN if all are 0
 */
public record PairedComparison(int pairs, double meanDifference, double t, double pValue) {
    /**
     * Compares two numbers a pair.
     *
     * @throws IllegalArgumentException if the arrays differ in length or have fewer than 2 numbers
     */
    public static PairedComparison of(double[] first, double[] second) {
        if (first.length != second.length || first.length < 2) {
            throw new IllegalArgumentException(
                    "%d and %d numbers: a paired test needs as many of each, and two or more"
                            .formatted(first.length, second.length));
        }
        double sum = 0;
        for (int i = 0; i < first.length; i++) {
            sum += first[i] - second[i];
        }
        TTest test = new TTest();
        return new PairedComparison(
                first.length,
                sum / first.length,
                test.pairedT(first, second),
                test.pairedTTest(first, second));
    }
}
