package org.coop4j.method;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.data.RandomStream;

/**
 * The examples of each batch of an epoch.
 *
 * @param batches number of batches per epoch
 * @param batchSize examples per batch; the last may have fewer
 * @param epochs maps an epoch to its examples, batch after batch
 */
record BatchOrder(int batches, int batchSize, IntFunction<int[][]> epochs) {

    /** Returns the examples of an epoch, batch after batch. */
    public int[][] epoch(int epoch) {
        return epochs.apply(epoch);
    }

    /**
     * Returns a random permutation in each epoch, without the last incomplete batch unless the set is smaller than a
     * batch (Dassl's {@code drop_last} rule).
     *
     * @param examples size of the set, 1 or more
     * @param batch examples per batch, 1 or more
     * @param seed the run's seed
     */
    public static BatchOrder shuffled(int examples, int batch, long seed) {
        return of(examples, Math.min(examples, batch), Math.max(1, examples / Math.max(1, batch)), seed);
    }

    /** Returns a random permutation in each epoch, with the last incomplete batch. */
    public static BatchOrder shuffledWhole(int examples, int batch, long seed) {
        return of(examples, Math.min(examples, batch), (examples - 1) / Math.max(1, batch) + 1, seed);
    }

    /**
     * Returns the first {@code batches} batches of a random permutation in each epoch.
     *
     * @throws IllegalArgumentException if there are too few examples for so many batches
     */
    public static BatchOrder of(int examples, int size, int batches, long seed) {
        Require.that(
                examples >= 1 && size >= 1 && (long) (batches - 1) * size < examples,
                "%d examples in %d batches of %d: expected 1 or more in each batch",
                examples,
                batches,
                size);
        return new BatchOrder(batches, size, epoch -> {
            int[] order = permutation(examples, seed, epoch);
            int[][] result = new int[batches][];
            for (int b = 0; b < batches; b++) {
                result[b] = Arrays.copyOfRange(order, b * size, Math.min(examples, (b + 1) * size));
            }
            return result;
        });
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

    /**
     * Returns batches that join those of two sets; each set restarts on its own when it is exhausted.
     *
     * @param second order of the set whose examples are numbered from {@code offset} on
     * @param batches number of batches per epoch
     */
    public static BatchOrder joined(BatchOrder first, BatchOrder second, int offset, int batches) {
        return new BatchOrder(batches, first.batchSize + second.batchSize, epoch -> {
            int[][] result = new int[batches][];
            for (int b = 0; b < batches; b++) {
                int number = epoch * batches + b;
                IntStream moved = IntStream.of(second.batch(number)).map(example -> offset + example);
                result[b] = IntStream.concat(IntStream.of(first.batch(number)), moved)
                        .toArray();
            }
            return result;
        });
    }

    /** Returns epochs of another number of batches, which follow one another as before. */
    public BatchOrder inEpochsOf(int others) {
        return new BatchOrder(others, batchSize, epoch -> {
            int[][] result = new int[others][];
            Arrays.setAll(result, b -> batch(Math.addExact(Math.multiplyExact(epoch, others), b)));
            return result;
        });
    }

    /** Returns a batch of the sequence of all epochs. */
    private int[] batch(int number) {
        return epoch(number / batches)[number % batches];
    }
}
