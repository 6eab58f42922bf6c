package org.coop4j.graph;

import org.apache.commons.math3.special.Erf;

/**
 * Φ and φ of the standard normal distribution in float32, from a table.
 *
 * <p>Cubic Hermite interpolation between exact values and slopes at steps of 1/128 is within 1e-11 of Φ, far below the
 * rounding of float32, and costs a few multiplications.
 *
 * <p>The loops are short on purpose: conversions between types keep a part of their target register, and in one long
 * loop each number would wait for the one before.
 */
final class NormalDistribution {

    private static final int STEPS_PER_UNIT = 128;
    private static final int LIMIT = 9;
    private static final double SQRT_2PI = Math.sqrt(2 * Math.PI);
    private static final double[] CDF = new double[2 * LIMIT * STEPS_PER_UNIT + 2];
    private static final double[] SLOPE = new double[CDF.length];

    static {
        for (int i = 0; i < CDF.length; i++) {
            double x = (double) i / STEPS_PER_UNIT - LIMIT;
            CDF[i] = 0.5 * Erf.erfc(-x * Math.sqrt(0.5));
            SLOPE[i] = Math.exp(-0.5 * x * x) / SQRT_2PI / STEPS_PER_UNIT;
        }
    }

    private final double[] values;
    private final int[] intervals;
    private final float[] result;

    /**
     * Memory for one worker.
     *
     * @param longest most numbers of a call
     */
    NormalDistribution(int longest) {
        values = new double[longest];
        intervals = new int[longest];
        result = new float[longest];
    }

    /**
     * Returns Φ, the probability of a value up to x, of the first {@code n} numbers, in memory that the next call
     * overwrites.
     */
    float[] cdf(float[] x, int n) {
        place(x, values, n);
        for (int i = 0; i < n; i++) {
            intervals[i] = (int) values[i];
        }
        for (int i = 0; i < n; i++) {
            values[i] -= Math.floor(values[i]);
        }
        interpolate(intervals, values, n);
        for (int i = 0; i < n; i++) {
            result[i] = isInside(x[i]) ? (float) values[i] : outside(x[i]);
        }
        return result;
    }

    private static boolean isInside(float x) {
        return x > -LIMIT && x < LIMIT;
    }

    private static float outside(float x) {
        return Float.isNaN(x) ? x : x > 0 ? 1f : 0f;
    }

    /** Computes the places of numbers in the table. */
    private static void place(float[] x, double[] places, int n) {
        for (int i = 0; i < n; i++) {
            float inside = isInside(x[i]) ? x[i] : 0f;
            places[i] = ((double) inside + LIMIT) * STEPS_PER_UNIT;
        }
    }

    private static void interpolate(int[] intervals, double[] fractions, int n) {
        for (int i = 0; i < n; i++) {
            int k = intervals[i];
            double t = fractions[i];
            double rise = CDF[k + 1] - CDF[k];
            double a = SLOPE[k] - rise;
            double b = rise - SLOPE[k + 1];
            fractions[i] = CDF[k] + t * rise + t * (1 - t) * (a * (1 - t) + b * t);
        }
    }

    /** Computes φ, the density, of the first {@code n} numbers. */
    void density(float[] x, float[] densities, int n) {
        for (int i = 0; i < n; i++) {
            values[i] = -0.5 * x[i] * x[i];
        }
        for (int i = 0; i < n; i++) {
            values[i] = Math.exp(values[i]);
        }
        for (int i = 0; i < n; i++) {
            densities[i] = (float) (values[i] / SQRT_2PI);
        }
    }
}
