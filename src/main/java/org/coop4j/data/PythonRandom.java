package org.coop4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.commons.math3.random.MersenneTwister;
import org.coop4j.base.Require;

/**
 * Replays CPython's {@code random.Random}, number for number, for the draws of the CoOp benchmarks: {@code random.sample}
 * and {@code random.shuffle} after {@code random.seed(n)} (CPython 3.2 to 3.13, {@code Lib/random.py} and {@code
 * Modules/_randommodule.c}).
 */
final class PythonRandom {
    private final MersenneTwister twister;

    /** Makes a generator in the state after {@code random.seed(seed)}. */
    public PythonRandom(long seed) {
        twister = new MersenneTwister(key(seed));
    }

    /** Returns an integer of {@code bits} random bits, 1 to 31. */
    int getRandBits(int bits) {
        return twister.nextInt() >>> (Integer.SIZE - bits);
    }

    /** Returns an integer from 0 to {@code bound - 1}, bound being 1 or more, rejecting draws that are too large. */
    private int randBelow(int bound) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(bound);
        int draw;
        do {
            draw = getRandBits(bits);
        } while (draw >= bound);
        return draw;
    }

    /**
     * Returns {@code k} of {@code n} positions without repetition, as {@code sample(range(n), k)}.
     */
    public List<Integer> samplePositions(int n, int k) {
        Require.that(k >= 0 && k <= n, "cannot draw %s of %s items", k, n);
        return n <= setSize(k) ? sampleFromPool(n, k) : sampleBySet(n, k);
    }

    /** Returns {@code k} items of a list without repetition, as {@code random.sample}. */
    public <T> List<T> sample(List<T> items, int k) {
        return samplePositions(items.size(), k).stream().map(items::get).toList();
    }

    /** Returns a permuted copy of a list, as {@code random.shuffle} permutes one in place. */
    public <T> List<T> shuffled(List<T> items) {
        List<T> shuffled = new ArrayList<>(items);
        for (int i = items.size() - 1; i > 0; i--) {
            Collections.swap(shuffled, i, randBelow(i + 1));
        }
        return shuffled;
    }

    private List<Integer> sampleFromPool(int n, int k) {
        int[] pool = new int[n];
        Arrays.setAll(pool, i -> i);
        List<Integer> drawn = new ArrayList<>(k);
        for (int i = 0; i < k; i++) {
            int j = randBelow(n - i);
            drawn.add(pool[j]);
            pool[j] = pool[n - i - 1];
        }
        return drawn;
    }

    private List<Integer> sampleBySet(int n, int k) {
        Set<Integer> drawn = new LinkedHashSet<>();
        while (drawn.size() < k) {
            drawn.add(randBelow(n));
        }
        return List.copyOf(drawn);
    }

    /** Returns the size up to which CPython copies the population: 21 + 4^⌈log₄ 3k⌉, without the power up to k = 5. */
    private static long setSize(int k) {
        long size = 21;
        if (k > 5) {
            long power = 1;
            while (power < 3L * k) {
                power *= 4;
            }
            size += power;
        }
        return size;
    }

    /** Returns the 32-bit words of |seed|, the lowest first. */
    private static int[] key(long seed) {
        long magnitude = Math.abs(seed); // Long.MIN_VALUE stays, and is 2^63 when read unsigned
        int low = (int) magnitude;
        int high = (int) (magnitude >>> Integer.SIZE);
        return high == 0 ? new int[] {low} : new int[] {low, high};
    }

    /**
     * Replays NumPy's legacy generator, number for number, for {@code numpy.random.choice} without replacement after
     * {@code numpy.random.seed(n)}.
     */
    static final class NumpyRandom {
        private final MersenneTwister twister;

        /** Makes a generator in the state after {@code numpy.random.seed(seed)}. */
        NumpyRandom(int seed) {
            Require.that(seed >= 0, "seed %s must not be negative", seed);
            twister = new MersenneTwister(seed);
        }

        /** Returns a permutation of 0 to {@code n - 1}, as {@code numpy.random.permutation(n)}. */
        int[] permutation(int n) {
            int[] items = IntStream.range(0, n).toArray();
            for (int i = n - 1; i > 0; i--) {
                int j = upTo(i);
                int swapped = items[i];
                items[i] = items[j];
                items[j] = swapped;
            }
            return items;
        }

        /** Returns {@code size} of {@code n} positions, as {@code choice(n, size, replace=False)}. */
        int[] choice(int n, int size) {
            Require.that(size >= 0 && size <= n, "cannot draw %s of %s items", size, n);
            return Arrays.copyOf(permutation(n), size);
        }

        /** Returns an integer from 0 to {@code max} inclusive, rejecting masked draws above it. */
        private int upTo(int max) {
            int mask = (Integer.highestOneBit(max) << 1) - 1;
            int draw;
            do {
                draw = twister.nextInt() & mask;
            } while (draw > max);
            return draw;
        }
    }
}
