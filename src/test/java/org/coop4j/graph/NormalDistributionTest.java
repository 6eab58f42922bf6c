package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Test;

class NormalDistributionTest {

    private static final int N = 40_001;

    @Test
    void valuesAreThoseOfTheErrorFunctionUpToFloat32Rounding() {
        NormalDistribution normal = new NormalDistribution(N);
        float[] x = new float[N];
        for (int i = 0; i < N; i++) {
            x[i] = (i - N / 2) / 2000f;
        }
        float[] cdf = normal.cdf(x, N);
        float[] density = normal.density(N);
        for (int i = 0; i < N; i++) {
            double error = (8 + (double) x[i] * x[i]) * 0x1p-24;
            double exact = 0.5 * Erf.erfc(-x[i] * Math.sqrt(0.5));
            assertThat((double) cdf[i]).isCloseTo(exact, within(error * exact));
            double slope = Math.exp(-0.5 * x[i] * x[i]) / Math.sqrt(2 * Math.PI);
            assertThat((double) density[i]).isCloseTo(slope, within(error * slope));
        }
    }

    @Test
    void endsAreExact() {
        float[] x = {9, 1e30f, Float.POSITIVE_INFINITY, Float.NaN, -0f, -1e30f, Float.NEGATIVE_INFINITY};
        float[] cdf = new NormalDistribution(x.length).cdf(x, x.length);
        assertThat(cdf).containsExactly(1, 1, 1, Float.NaN, 0.5f, 0, 0);
    }
}
