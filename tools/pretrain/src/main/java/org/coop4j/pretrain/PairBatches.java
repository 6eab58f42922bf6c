package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.data.RandomStream;

/**
 * Pictures and captions of the batches of an epoch.
 *
 * <p>Each epoch shows every picture once, in a random order, with one of its captions. What does
 * not fill a batch is left out of the epoch.
 *
 * <p>Pictures that have all their captions in common are a class if there are enough of them. Every batch has a caption
 * of each class, one that no other picture has.
 */
public final class PairBatches {

    private final Rule rule;
    private final long seed;
    private final int[][] captions;
    private final int[] classOf;
    private final List<int[]> classCaptions = new ArrayList<>();

    /**
     * How batches are made.
     *
     * @param size pairs of a batch, 2 or more
     * @param firstCaption share of the pictures and classes that show their first caption, 0 to 1; the others
     *     show any, the first among them
     * @param classPictures pictures with the same captions that make a class, at least; 0 for no classes
     */
    public record Rule(int size, double firstCaption, int classPictures) {

        public Rule {
            if (size < 2) {
                throw new IllegalArgumentException("batches of " + size + " pairs: a contrast needs 2 or more");
            }
            if (!(firstCaption >= 0 && firstCaption <= 1)) {
                throw new IllegalArgumentException("share of first captions " + firstCaption + ": expected 0 to 1");
            }
            if (classPictures < 0) {
                throw new IllegalArgumentException("classes of " + classPictures + " pictures: expected 0 or more");
            }
        }
    }

    /**
     * The pairs of a step.
     *
     * @param pictures numbers of the pictures
     * @param captions number of the caption that each picture shows, then of each class
     * @param classes the class of each picture, −1 for none
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Batch(int[] pictures, int[] captions, int[] classes) {}

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
        this.classOf = new int[captions.length];
        Arrays.fill(classOf, -1);
        if (rule.classPictures > 0) {
            findClasses();
        }
    }

    private void findClasses() {
        Map<List<Integer>, List<Integer>> picturesOf = new LinkedHashMap<>();
        for (int p = 0; p < captions.length; p++) {
            picturesOf
                    .computeIfAbsent(Arrays.stream(captions[p]).boxed().toList(), list -> new ArrayList<>())
                    .add(p);
        }
        Map<Integer, Integer> lists = new HashMap<>();
        picturesOf.keySet().forEach(list -> list.forEach(caption -> lists.merge(caption, 1, Integer::sum)));
        picturesOf.forEach((list, pictures) -> {
            int[] own = list.stream()
                    .filter(caption -> lists.get(caption) == 1)
                    .mapToInt(Integer::intValue)
                    .toArray();
            if (pictures.size() >= rule.classPictures && own.length > 0) {
                pictures.forEach(picture -> classOf[picture] = classCaptions.size());
                classCaptions.add(own);
            }
        });
    }

    /** Returns the number of classes. */
    int classes() {
        return classCaptions.size();
    }

    /** Returns the batches of an epoch, the same at every call. */
    List<Batch> epoch(int epoch) {
        int[] order = shuffled(RandomStream.of(seed, "pair order " + epoch));
        SplittableRandom random = RandomStream.of(seed, "captions " + epoch);
        int[] drawn = drawCaptions(random, Arrays.asList(captions));
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from + rule.size <= order.length; from += rule.size) {
            int[] pictures = Arrays.copyOfRange(order, from, from + rule.size);
            IntStream shown = Arrays.stream(pictures).map(picture -> drawn[picture]);
            IntStream ofClasses = Arrays.stream(drawCaptions(random, classCaptions));
            int[] classes =
                    Arrays.stream(pictures).map(picture -> classOf[picture]).toArray();
            batches.add(new Batch(pictures, IntStream.concat(shown, ofClasses).toArray(), classes));
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

    private int[] drawCaptions(SplittableRandom random, List<int[]> lists) {
        int[] drawn = new int[lists.size()];
        for (int i = 0; i < drawn.length; i++) {
            boolean first = (random.nextLong() >>> 11) * 0x1p-53 < rule.firstCaption;
            int any = random.nextInt(lists.get(i).length);
            drawn[i] = lists.get(i)[first ? 0 : any];
        }
        return drawn;
    }
}
