package org.coop4j.eval;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.base.Require;

/**
 * The labels of one image: the classes that it shows, and those nobody has judged. It shows none of the others. An image
 * with a single label shows one class, and everything is known about it.
 */
public final class Labels {

    /** A class that the image shows. */
    public static final int PRESENT = 1;

    /** A class that the image does not show. */
    public static final int ABSENT = 0;

    /** A class that nobody has judged. */
    public static final int UNKNOWN = -1;

    private static final int[] NONE = {};

    private final int[] present; // ascending
    private final int[] unknown; // ascending

    private Labels(int[] present, int[] unknown) {
        this.present = present;
        this.unknown = unknown;
    }

    /** Returns the labels of an image that shows one class, counted from 0, and no other. */
    public static Labels of(int label) {
        return of(new int[] {label}, NONE);
    }

    /**
     * Returns the labels of an image.
     *
     * @param present classes that it shows, in any order; repeated ones count once
     * @param unknown classes that nobody has judged
     * @throws IllegalArgumentException if a class is negative, or both present and unknown
     */
    public static Labels of(int[] present, int[] unknown) {
        int[] shown = ascending(present);
        int[] open = ascending(unknown);
        for (int label : open) {
            Require.that(Arrays.binarySearch(shown, label) < 0, "class %d is both present and unknown", label);
        }
        return new Labels(shown, open);
    }

    private static int[] ascending(int[] labels) {
        int[] sorted = IntStream.of(labels).sorted().distinct().toArray();
        if (sorted.length > 0) {
            Require.that(sorted[0] >= 0, "label %d is negative: labels count from 0", sorted[0]);
        }
        return sorted;
    }

    /** Returns {@link #PRESENT}, {@link #ABSENT} or {@link #UNKNOWN}. */
    public int state(int label) {
        if (Arrays.binarySearch(present, label) >= 0) {
            return PRESENT;
        }
        return Arrays.binarySearch(unknown, label) >= 0 ? UNKNOWN : ABSENT;
    }

    /** Returns the classes that the image shows, ascending, in a new array. */
    public int[] present() {
        return present.clone();
    }

    /** Returns the classes that nobody has judged, ascending, in a new array. */
    public int[] unknown() {
        return unknown.clone();
    }

    /** Returns true if it shows one class and everything is known about it. */
    public boolean isSingle() {
        return present.length == 1 && unknown.length == 0;
    }

    /**
     * Returns the class of an image with a single label.
     *
     * @throws IllegalStateException if it shows several classes or none
     */
    public int single() {
        if (!isSingle()) {
            throw new IllegalStateException("expected an image with a single label, got " + this);
        }
        return present[0];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Labels labels
                && Arrays.equals(present, labels.present)
                && Arrays.equals(unknown, labels.unknown);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(present) + Arrays.hashCode(unknown);
    }

    @Override
    public String toString() {
        String shown = Arrays.toString(present);
        return unknown.length == 0 ? shown : shown + ", unknown " + Arrays.toString(unknown);
    }
}
