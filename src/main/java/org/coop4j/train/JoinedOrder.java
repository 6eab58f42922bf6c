package org.coop4j.train;

import java.util.stream.IntStream;

/**
 * Batches of examples of two sets, each in an order of its own.
 *
 * @param offset the number of the second set's first example
 */
record JoinedOrder(BatchOrder first, BatchOrder second, int offset, int batches)
        implements BatchOrder {

    @Override
    public int batchSize() {
        return first.batchSize() + second.batchSize();
    }

    @Override
    public int[][] epoch(int epoch) {
        int[][] ours = batches(first, epoch);
        int[][] theirs = batches(second, epoch);
        int[][] result = new int[batches][];
        for (int b = 0; b < batches; b++) {
            IntStream moved = IntStream.of(theirs[b]).map(example -> offset + example);
            result[b] = IntStream.concat(IntStream.of(ours[b]), moved).toArray();
        }
        return result;
    }

    /** An epoch's part of the batches of one set, whose passes go on from epoch to epoch. */
    private int[][] batches(BatchOrder order, int epoch) {
        int[][] result = new int[batches][];
        int[][] pass = {};
        int passNumber = -1;
        for (int b = 0; b < batches; b++) {
            int overall = epoch * batches + b;
            if (overall / order.batches() != passNumber) {
                passNumber = overall / order.batches();
                pass = order.epoch(passNumber);
            }
            result[b] = pass[overall % order.batches()];
        }
        return result;
    }
}
