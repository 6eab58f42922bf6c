package org.coop4j.data;

import java.util.Arrays;
import org.apache.commons.math3.random.MersenneTwister;

/**
 * Replays NumPy's legacy generator, number for number, for {@code numpy.random.choice} without
 * replacement after {@code numpy.random.seed(n)}: the reference's linear probe draws its images
 * with it.
 */
public final class NumpyRandom {
    private final MersenneTwister twister;

    /** Makes a generator in the state that {@code numpy.random.seed(seed)} leaves it in. */
    public NumpyRandom(int seed) {
        if (seed < 0) {
            throw new IllegalArgumentException("seed " + seed + " must not be negative");
        }
        twister = new MersenneTwister(seed);
    }

    /** Returns a permutation of 0 to {@code n - 1}, as {@code numpy.random.permutation(n)}. */
    public int[] permutation(int n) {
        int[] items = new int[n];
        Arrays.setAll(items, i -> i);
        for (int i = n - 1; i > 0; i--) {
            int j = upTo(i);
            int swapped = items[i];
            items[i] = items[j];
            items[j] = swapped;
        }
        return items;
    }

    /** Returns {@code size} of {@code n} positions, as {@code choice(n, size, replace=False)}. */
    public int[] choice(int n, int size) {
        if (size < 0 || size > n) {
            throw new IllegalArgumentException("cannot draw " + size + " of " + n + " items");
        }
        return Arrays.copyOf(permutation(n), size);
    }

    /** An integer from 0 to {@code max}, both included, rejecting masked draws above it. */
    private int upTo(int max) {
        int mask = (Integer.highestOneBit(max) << 1) - 1;
        int draw = twister.nextInt() & mask;
        while (draw > max) {
            draw = twister.nextInt() & mask;
        }
        return draw;
    }
}
