package org.coop4j.eval;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Parts of labelled images for cross-validation: the images of each class are dealt to the parts in
 * turn, so that every part has about the same classes.
 */
public final class Folds {
    private final int[] fold;
    private final int count;

    private Folds(int[] fold, int count) {
        this.fold = fold;
        this.count = count;
    }

    /**
     * Deals images.
     *
     * @param labels class of each image
     * @param count number of parts, 2 or more
     */
    public static Folds of(int[] labels, int count) {
        if (count < 2) {
            throw new IllegalArgumentException("%d parts: cross-validation needs 2 or more".formatted(count));
        }
        Map<Integer, Integer> dealt = new HashMap<>();
        int[] fold = new int[labels.length];
        for (int i = 0; i < labels.length; i++) {
            fold[i] = (dealt.merge(labels[i], 1, Integer::sum) - 1) % count;
        }
        return new Folds(fold, count);
    }

    /** Returns how many images the smallest class has. */
    public static int fewest(int[] labels) {
        Map<Integer, Integer> counts = new HashMap<>();
        for (int label : labels) {
            counts.merge(label, 1, Integer::sum);
        }
        return counts.values().stream().mapToInt(Integer::intValue).min().orElse(0);
    }

    /** Returns the number of parts. */
    public int count() {
        return count;
    }

    /** Returns the positions of the images of a part. */
    public int[] of(int part) {
        return IntStream.range(0, fold.length).filter(i -> fold[i] == part).toArray();
    }

    /** Returns the positions of the images of all other parts. */
    public int[] without(int part) {
        return IntStream.range(0, fold.length).filter(i -> fold[i] != part).toArray();
    }
}
