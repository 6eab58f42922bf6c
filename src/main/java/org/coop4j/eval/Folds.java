package org.coop4j.eval;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Require;

/** Folds of labelled images for cross-validation: the images of each class are dealt to the folds in turn. */
public final class Folds {
    private final int[] fold;

    private Folds(int[] fold) {
        this.fold = fold;
    }

    /**
     * Deals images.
     *
     * @param labels class of each image
     * @param count number of folds, 2 or more
     */
    public static Folds of(int[] labels, int count) {
        Require.that(count >= 2, "cross-validation: expected 2 or more folds, got %s", count);
        Map<Integer, Integer> dealt = new HashMap<>();
        return new Folds(Arrays.stream(labels)
                .map(label -> (dealt.merge(label, 1, Integer::sum) - 1) % count)
                .toArray());
    }

    /**
     * Deals images: those with sets of labels in turn, whatever their labels.
     *
     * @param count number of folds, 2 or more
     */
    public static Folds of(List<Labels> labels, int count) {
        return Labels.areSets(labels)
                ? of(new int[labels.size()], count)
                : of(labels.stream().mapToInt(Labels::single).toArray(), count);
    }

    /** Returns the number of folds for these labels; sets need an image in each of the most folds. */
    public static int count(List<Labels> labels, int most) {
        return Labels.areSets(labels)
                ? labels.size() < most ? 0 : most
                : count(labels.stream().mapToInt(Labels::single).toArray(), most);
    }

    /**
     * Returns the number of folds for these labels; with fewer than 2 nothing can be held out.
     *
     * @param most largest number of folds
     */
    public static int count(int[] labels, int most) {
        return Math.min(most, counts(labels).min().orElse(0));
    }

    /** Returns the number of images of the largest class. */
    public static int most(int[] labels) {
        return counts(labels).max().orElse(0);
    }

    private static IntStream counts(int[] labels) {
        Map<Integer, Integer> counts = new HashMap<>();
        Arrays.stream(labels).forEach(label -> counts.merge(label, 1, Integer::sum));
        return counts.values().stream().mapToInt(Integer::intValue);
    }

    /** Returns the positions of the images of a fold. */
    public int[] of(int part) {
        return IntStream.range(0, fold.length).filter(i -> fold[i] == part).toArray();
    }

    /** Returns the positions of the images of all other folds. */
    public int[] without(int part) {
        return IntStream.range(0, fold.length).filter(i -> fold[i] != part).toArray();
    }
}
