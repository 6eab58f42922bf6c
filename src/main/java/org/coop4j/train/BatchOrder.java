package org.coop4j.train;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.coop4j.data.RandomStream;

/** Which examples make the batches of an epoch. */
public interface BatchOrder {

    /** Number of batches of an epoch. */
    int batches();

    /** Examples of each batch; the last may have fewer. */
    int batchSize();

    /** The examples of epoch {@code epoch}, batch after batch. */
    int[][] epoch(int epoch);

    /**
     * A random permutation without replacement in each epoch, the last incomplete batch left out
     * only when the set is at least as large as a batch (Dassl's {@code drop_last} rule).
     *
     * @param examples size of the set, 1 or more
     * @param batch examples of a batch, 1 or more
     * @param seed the run's seed
     */
    static BatchOrder shuffled(int examples, int batch, long seed) {
        requirePositive(examples, batch);
        int batches = examples < batch ? 1 : examples / batch;
        return of(examples, Math.min(examples, batch), batches, seed);
    }

    /** The same with the last incomplete batch. */
    static BatchOrder shuffledWhole(int examples, int batch, long seed) {
        requirePositive(examples, batch);
        return of(examples, Math.min(examples, batch), (examples - 1) / batch + 1, seed);
    }

    /**
     * The first {@code batches} batches of a random permutation in each epoch.
     *
     * @throws IllegalArgumentException if there are too few examples for so many batches
     */
    static BatchOrder of(int examples, int size, int batches, long seed) {
        if (examples < 1 || size < 1 || (long) (batches - 1) * size >= examples) {
            throw new IllegalArgumentException(
                    "%d examples in %d batches of %d: all must be positive and no batch empty"
                            .formatted(examples, batches, size));
        }
        return new BatchOrder() {
            @Override
            public int batches() {
                return batches;
            }

            @Override
            public int batchSize() {
                return size;
            }

            @Override
            public int[][] epoch(int epoch) {
                int[] order = permutation(examples, seed, epoch);
                int[][] result = new int[batches][];
                for (int b = 0; b < batches; b++) {
                    int end = Math.min(examples, (b + 1) * size);
                    result[b] = Arrays.copyOfRange(order, b * size, end);
                }
                return result;
            }
        };
    }

    /**
     * Batches of examples of two sets: those of one order, then those of the other, each of which
     * begins anew by itself when its set is through.
     *
     * @param second of which the examples are numbered from {@code offset} on
     * @param batches number of batches of an epoch
     */
    static BatchOrder joined(BatchOrder first, BatchOrder second, int offset, int batches) {
        return new JoinedOrder(first, second, offset, batches);
    }

    private static void requirePositive(int examples, int batch) {
        if (examples < 1 || batch < 1) {
            throw new IllegalArgumentException(
                    examples + " examples in batches of " + batch + ": both must be positive");
        }
    }

    private static int[] permutation(int examples, long seed, int epoch) {
        int[] order = new int[examples];
        Arrays.setAll(order, i -> i);
        SplittableRandom random = RandomStream.of(seed, "batch order " + epoch);
        for (int i = examples - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }
}
