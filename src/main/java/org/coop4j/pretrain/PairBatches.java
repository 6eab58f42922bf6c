package org.coop4j.pretrain;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.coop4j.data.RandomStream;

/**
 * Which pictures and captions make the batches of an epoch.
 *
 * <p>Each epoch shows every picture once, in a random order, with one of its captions. Where equal
 * captions are kept apart, a picture whose caption the batch already has shows another one of its
 * captions, or waits for the next batch. What does not fill a batch is left out of the epoch.
 */
public final class PairBatches {

    private final Rule rule;
    private final long seed;
    private final int[][] captions;

    /**
     * How batches are made.
     *
     * @param size pairs of a batch, 2 or more
     * @param equalCaptionsApart whether a batch has no caption twice, which would be a wrong
     *     negative of itself
     * @param firstCaption share of the pictures that show their first caption, 0 to 1; the others
     *     show any, the first among them
     */
    public record Rule(int size, boolean equalCaptionsApart, double firstCaption) {

        public Rule {
            if (size < 2) {
                throw new IllegalArgumentException(
                        "batches of " + size + " pairs: a contrast needs 2 or more");
            }
            if (!(firstCaption >= 0 && firstCaption <= 1)) {
                throw new IllegalArgumentException(
                        "share of first captions " + firstCaption + ": wanted is 0 to 1");
            }
        }
    }

    /** The pairs of a step. */
    static final class Batch {
        private final int[] pictures;
        private final int[] captions;

        private Batch(int[] pictures, int[] captions) {
            this.pictures = pictures;
            this.captions = captions;
        }

        /** Numbers of the pictures. */
        int[] pictures() {
            return pictures;
        }

        /** Number of the caption that each picture shows. */
        int[] captions() {
            return captions;
        }
    }

    /**
     * @param captions for each picture the numbers of its captions; equal ones share a number
     */
    PairBatches(Rule rule, long seed, int[][] captions) {
        if (captions.length < rule.size) {
            throw new IllegalArgumentException(
                    "batches of %d pairs from %d pictures: choose a smaller batch"
                            .formatted(rule.size, captions.length));
        }
        this.rule = rule;
        this.seed = seed;
        this.captions = captions;
    }

    /** The batches of an epoch, the same at every call. */
    List<Batch> epoch(int epoch) {
        SplittableRandom random = RandomStream.of(seed, "pair order " + epoch);
        int[] drawn = drawCaptions(RandomStream.of(seed, "captions " + epoch));
        Deque<Integer> waiting = new ArrayDeque<>();
        for (int picture : shuffled(random)) {
            waiting.add(picture);
        }
        List<Batch> batches = new ArrayList<>();
        while (waiting.size() >= rule.size) {
            Batch batch = batch(waiting, drawn);
            if (batch == null) {
                break;
            }
            batches.add(batch);
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

    /** Takes a batch out of the front of the queue; null if its captions are too much alike. */
    private Batch batch(Deque<Integer> waiting, int[] drawn) {
        int[] pictures = new int[rule.size];
        int[] shown = new int[rule.size];
        Set<Integer> seen = new HashSet<>();
        List<Integer> passedOver = new ArrayList<>();
        int n = 0;
        while (n < rule.size && !waiting.isEmpty()) {
            int picture = waiting.remove();
            int caption = freeCaption(picture, drawn[picture], seen);
            if (caption < 0) {
                passedOver.add(picture);
            } else {
                seen.add(caption);
                pictures[n] = picture;
                shown[n] = caption;
                n++;
            }
        }
        for (int i = passedOver.size() - 1; i >= 0; i--) {
            waiting.addFirst(passedOver.get(i));
        }
        return n == rule.size ? new Batch(pictures, shown) : null;
    }

    private int freeCaption(int picture, int drawn, Set<Integer> seen) {
        if (!rule.equalCaptionsApart || !seen.contains(drawn)) {
            return drawn;
        }
        for (int other : captions[picture]) {
            if (!seen.contains(other)) {
                return other;
            }
        }
        return -1;
    }
}
