package org.coop4j.weights.convert;

import java.nio.charset.StandardCharsets;

/**
 * A stream of standard normal numbers that is the same on every machine and Java, a few nanoseconds
 * a number.
 *
 * <p>Method: SplitMix64 (Steele, Lea, Flood 2014) for the bits, the ziggurat of Marsaglia and Tsang
 * (2000) with 128 layers in Doornik's form (2005), which uses separate bits for layer and position.
 */
final class Gaussian {
    private static final int LAYERS = 128;

    /** Where the tail begins, and the area of each layer, for 128 layers. */
    private static final double TAIL = 3.442619855899;

    private static final double AREA = 9.91256303526217e-3;

    /** Right edges of the layers, from the base layer (which includes the tail) to the peak. */
    private static final double[] EDGE = edges();

    private long state;

    private Gaussian(long state) {
        this.state = state;
    }

    /** The stream of a purpose: streams of different names are unrelated. */
    static Gaussian stream(long seed, String name) {
        Gaussian mixer = new Gaussian(seed);
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            mixer.state = mixer.bits() ^ b;
        }
        return new Gaussian(mixer.bits());
    }

    /** The next uniform number in (0, 1). */
    double uniform() {
        return ((bits() >>> 12) + 0.5) * 0x1p-52;
    }

    /** The next standard normal number. */
    double next() {
        while (true) {
            long bits = bits();
            int layer = (int) (bits & (LAYERS - 1));
            double position = (bits >> 11) * 0x1p-52; // in [-1, 1), from bits apart from the layer
            double x = position * EDGE[layer];
            if (Math.abs(x) < EDGE[layer + 1]) {
                return x;
            }
            if (layer == 0) {
                return tail(position < 0);
            }
            if (isUnderCurve(layer, x)) {
                return x;
            }
        }
    }

    private boolean isUnderCurve(int layer, double x) {
        double low = density(EDGE[layer]);
        double high = density(EDGE[layer + 1]);
        return low + uniform() * (high - low) < density(x);
    }

    /** Marsaglia's method for the tail (1964). */
    private double tail(boolean negative) {
        while (true) {
            double x = StrictMath.log(uniform()) / TAIL;
            double y = StrictMath.log(uniform());
            if (-2 * y >= x * x) {
                return negative ? x - TAIL : TAIL - x;
            }
        }
    }

    private long bits() {
        state += 0x9e37_79b9_7f4a_7c15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d0_49bb_1331_11ebL;
        return z ^ (z >>> 31);
    }

    private static double density(double x) {
        return StrictMath.exp(-0.5 * x * x);
    }

    private static double[] edges() {
        double[] edge = new double[LAYERS + 1];
        edge[0] = AREA / density(TAIL);
        edge[1] = TAIL;
        for (int i = 2; i < LAYERS; i++) {
            edge[i] =
                    StrictMath.sqrt(-2 * StrictMath.log(AREA / edge[i - 1] + density(edge[i - 1])));
        }
        edge[LAYERS] = 0;
        return edge;
    }
}
