package org.coop4j.train;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.coop4j.data.RandomStream;

/**
 * Which examples make the batches of an epoch: a random permutation without replacement, the last
 * incomplete batch left out only when the set is at least as large as a batch (the reference's
 * {@code drop_last} rule).
 *
 * @param examples size of the set, 1 or more
 * @param batch examples of a batch, 1 or more
 * @param seed the run's seed
 */
public record BatchOrder(int examples, int batch, long seed) {

    public BatchOrder {
        if (examples < 1 || batch < 1) {
            throw new IllegalArgumentException(
                    examples + " examples in batches of " + batch + ": both must be positive");
        }
    }

    /** Number of batches of an epoch. */
    public int batches() {
        return examples < batch ? 1 : examples / batch;
    }

    /** Examples of each batch. */
    public int batchSize() {
        return Math.min(examples, batch);
    }

    /** The examples of epoch {@code epoch}, batch after batch. */
    public int[][] epoch(int epoch) {
        int[] order = new int[examples];
        Arrays.setAll(order, i -> i);
        SplittableRandom random = RandomStream.of(seed, "batch order " + epoch);
        for (int i = examples - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        int[][] result = new int[batches()][];
        for (int b = 0; b < result.length; b++) {
            result[b] = Arrays.copyOfRange(order, b * batchSize(), (b + 1) * batchSize());
        }
        return result;
    }
}
