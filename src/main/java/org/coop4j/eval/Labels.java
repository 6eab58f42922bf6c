package org.coop4j.eval;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.coop4j.base.Require;

/**
 * The labels of one image: a single label, which excludes all others, or a set of labels. A set has the classes that the
 * image shows, maybe none, and those nobody has judged; the image shows none of the others.
 */
public final class Labels {

    /** A class that the image shows. */
    public static final int PRESENT = 1;

    /** A class that the image does not show. */
    public static final int ABSENT = 0;

    /** A class that nobody has judged. */
    public static final int UNKNOWN = -1;

    private static final int[] NONE = {};
    private static final String SHOWN = "present";
    private static final String OPEN = "unknown";

    private final int[] present; // ascending
    private final int[] unknown; // ascending
    private final boolean single;

    private Labels(int[] present, int[] unknown, boolean single) {
        this.present = present;
        this.unknown = unknown;
        this.single = single;
    }

    /** Returns the single label of an image, a class counted from 0. */
    public static Labels of(int label) {
        Require.that(label >= 0, "label %d is negative: labels count from 0", label);
        return new Labels(new int[] {label}, NONE, true);
    }

    /** Returns single labels. */
    public static List<Labels> singles(int... labels) {
        return IntStream.of(labels).mapToObj(Labels::of).toList();
    }

    /**
     * Returns a set of labels, which may have one.
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
        return new Labels(shown, open, false);
    }

    /** Returns the set that has a state for each class: {@link #PRESENT}, {@link #ABSENT} or {@link #UNKNOWN}. */
    public static Labels ofStates(int classes, IntUnaryOperator state) {
        IntFunction<int[]> in = wanted -> IntStream.range(0, classes)
                .filter(c -> state.applyAsInt(c) == wanted)
                .toArray();
        return of(in.apply(PRESENT), in.apply(UNKNOWN));
    }

    private static int[] ascending(int... labels) {
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

    /** Returns true for a single label, and false for a set, even of one. */
    public boolean isSingle() {
        return single;
    }

    /** Returns true if some of the labels are sets; a dataset's are all of one kind. */
    public static boolean areSets(List<Labels> labels) {
        return labels.stream().anyMatch(one -> !one.single);
    }

    /**
     * Returns the single label.
     *
     * @throws IllegalStateException if it is a set
     */
    public int single() {
        if (!single) {
            throw new IllegalStateException("expected an image with a single label, got " + this);
        }
        return present[0];
    }

    /**
     * Returns the same labels with other numbers.
     *
     * @param number returns the new number of a label; a negative one removes it from a set
     */
    public Labels renumbered(IntUnaryOperator number) {
        return single ? of(number.applyAsInt(present[0])) : of(changed(present, number), changed(unknown, number));
    }

    private static int[] changed(int[] labels, IntUnaryOperator number) {
        return IntStream.of(labels).map(number).filter(label -> label >= 0).toArray();
    }

    /** Returns the number of images that show each class. */
    public static int[] positives(Collection<Labels> labels, int classes) {
        int[] positives = new int[classes];
        labels.forEach(one -> {
            for (int label : one.present) {
                positives[label]++;
            }
        });
        return positives;
    }

    /**
     * Returns the weight of each entry of a batch, [images][classes]: negative where the image does not show the class, 0 if
     * unknown.
     *
     * @param weight returns the weight of a class's entries
     */
    public static float[][] weights(List<Labels> labels, int classes, IntToDoubleFunction weight) {
        float[][] weights = new float[labels.size()][classes];
        for (int i = 0; i < weights.length; i++) {
            for (int k = 0; k < classes; k++) {
                int state = labels.get(i).state(k);
                weights[i][k] = state == UNKNOWN ? 0 : (float) ((state == PRESENT ? 1 : -1) * weight.applyAsDouble(k));
            }
        }
        return weights;
    }

    /** Returns the names of the classes that the image shows. */
    public List<String> names(List<String> classNames) {
        return IntStream.of(present).mapToObj(classNames::get).toList();
    }

    /** Returns the largest label, present or unknown; -1 if there is none. */
    public int largest() {
        return Math.max(last(present), last(unknown));
    }

    private static int last(int... ascending) {
        return ascending.length == 0 ? -1 : ascending[ascending.length - 1];
    }

    /** Returns what a JSON file holds: the number of a single label, or an object with the lists of a set. */
    @JsonValue
    Object json() {
        return single ? present[0] : Map.of(SHOWN, present, OPEN, unknown);
    }

    @JsonCreator
    static Labels of(JsonNode json) {
        if (json.isInt()) {
            return of(json.intValue());
        }
        return of(ints(json.path(SHOWN)), ints(json.path(OPEN)));
    }

    private static int[] ints(JsonNode list) {
        Require.that(list.isArray(), "label: expected a number, or an object with the lists %s and %s", SHOWN, OPEN);
        int[] all = new int[list.size()];
        for (int i = 0; i < all.length; i++) {
            Require.that(list.get(i).isInt(), "label: expected a number, got %s", list.get(i));
            all[i] = list.get(i).intValue();
        }
        return all;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Labels labels
                && single == labels.single
                && Arrays.equals(present, labels.present)
                && Arrays.equals(unknown, labels.unknown);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(present) + Arrays.hashCode(unknown);
    }

    @Override
    public String toString() {
        String shown = single ? String.valueOf(present[0]) : Arrays.toString(present);
        return unknown.length == 0 ? shown : shown + ", unknown " + Arrays.toString(unknown);
    }
}
