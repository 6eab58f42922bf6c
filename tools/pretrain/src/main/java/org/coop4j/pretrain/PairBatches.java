package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.data.RandomStream;

/**
 * Which pictures and captions make the batches of an epoch.
 *
 * <p>Each epoch shows every picture once, in a random order, with one of its captions. What does
 * not fill a batch is left out of the epoch.
 */
public final class PairBatches {

    private final Rule rule;
    private final long seed;
    private final int[][] captions;

    /**
     * How batches are made.
     *
     * @param size pairs of a batch, 2 or more
     * @param firstCaption share of the pictures that show their first caption, 0 to 1; the others
     *     show any, the first among them
     */
    public record Rule(int size, double firstCaption) {

        public Rule {
            if (size < 2) {
                throw new IllegalArgumentException("batches of " + size + " pairs: a contrast needs 2 or more");
            }
            if (!(firstCaption >= 0 && firstCaption <= 1)) {
                throw new IllegalArgumentException("share of first captions " + firstCaption + ": expected 0 to 1");
            }
        }
    }

    /**
     * The pairs of a step.
     *
     * @param pictures numbers of the pictures
     * @param captions number of the caption that each picture shows
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Batch(int[] pictures, int[] captions) {}

    /**
     * @param captions for each picture the numbers of its captions; equal ones share a number
     */
    PairBatches(Rule rule, long seed, int[][] captions) {
        if (captions.length < rule.size) {
            throw new IllegalArgumentException("batches of %d pairs from %d pictures: choose a smaller batch"
                    .formatted(rule.size, captions.length));
        }
        this.rule = rule;
        this.seed = seed;
        this.captions = captions;
    }

    /** Returns the batches of an epoch, the same at every call. */
    List<Batch> epoch(int epoch) {
        int[] order = shuffled(RandomStream.of(seed, "pair order " + epoch));
        int[] drawn = drawCaptions(RandomStream.of(seed, "captions " + epoch));
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from + rule.size <= order.length; from += rule.size) {
            int[] pictures = Arrays.copyOfRange(order, from, from + rule.size);
            int[] shown = Arrays.stream(pictures).map(picture -> drawn[picture]).toArray();
            batches.add(new Batch(pictures, shown));
        }
        return batches;
    }

    private int[] shuffled(SplittableRandom random) {
        int[] order = new int[captions.length];
        for (int i = 0; i < order.length; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private int[] drawCaptions(SplittableRandom random) {
        int[] drawn = new int[captions.length];
        for (int p = 0; p < drawn.length; p++) {
            boolean first = (random.nextLong() >>> 11) * 0x1p-53 < rule.firstCaption;
            int any = random.nextInt(captions[p].length);
            drawn[p] = captions[p][first ? 0 : any];
        }
        return drawn;
    }
}
