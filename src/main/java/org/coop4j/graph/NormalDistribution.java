package org.coop4j.graph;

import org.coop4j.graph.host.Floats;

/**
 * Φ and φ of the standard normal distribution, of many numbers at once, in float32, for one thread. Each loop becomes
 * vector instructions.
 *
 * <p>Φ(−z) = e^(−z² / 2) · t · p(t) for z ≥ 0, with t = 1 / (1 + 0.3 z), the form of Abramowitz and Stegun 26.2.17, and a
 * polynomial p of degree 7 fitted to Φ: its relative error is below 5e-8, less than the rounding of float32.
 */
final class NormalDistribution {

    private static final float SLOPE = 0.3f;
    private static final float DENSITY_AT_ZERO = (float) (1 / Math.sqrt(2 * Math.PI));

    private final Exponential exponential;
    private final float[] tail;
    private final float[] density;
    private final float[] cdf;

    /**
     * @param longest maximum number of elements per call
     */
    NormalDistribution(int longest) {
        exponential = new Exponential(longest);
        tail = new float[longest];
        density = new float[longest];
        cdf = new float[longest];
    }

    /**
     * Returns Φ, the probability of a value up to x, of the first {@code n} numbers, in memory that the next call
     * overwrites; the relative error is at most (8 + x²) · 2^-24.
     */
    float[] cdf(float[] x, int n) {
        series(x, tail, density, n);
        exponential.apply(density, n);
        for (int i = 0; i < n; i++) {
            float q = tail[i] * density[i];
            cdf[i] = q + Floats.step(x[i], 0f) * (1f - 2f * q);
        }
        return cdf;
    }

    /** Returns φ, the density, of the numbers of the last call of {@link #cdf}, in the same way. */
    float[] density(int n) {
        for (int i = 0; i < n; i++) {
            density[i] *= DENSITY_AT_ZERO;
        }
        return density;
    }

    private static void series(float[] x, float[] tail, float[] exponent, int n) {
        for (int i = 0; i < n; i++) {
            float t = 1f / (1f + SLOPE * Math.abs(x[i]));
            float p = 0.037547883f;
            p = p * t - 0.1650768f;
            p = p * t + 0.22008386f;
            p = p * t - 0.06652307f;
            p = p * t + 0.13549562f;
            p = p * t + 0.09775633f;
            p = p * t + 0.12111116f;
            p = p * t + 0.11960504f;
            tail[i] = p * t;
            exponent[i] = -0.5f * x[i] * x[i];
        }
    }
}
