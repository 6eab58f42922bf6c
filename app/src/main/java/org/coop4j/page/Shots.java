package org.coop4j.page;

import org.coop4j.base.Numbers;

/**
 * Number of training images per class.
 *
 * @param count 0 for none; the largest integer for all
 */
public record Shots(int count) implements Comparable<Shots> {

    /** Nothing was learned. */
    public static final Shots NONE = new Shots(0);

    /** All training images. */
    public static final Shots ALL = new Shots(Integer.MAX_VALUE);

    /** Checks the range. */
    public Shots {
        if (count < 0) {
            throw new IllegalArgumentException("shots: expected 0 or more, got " + count);
        }
    }

    /** Shots of a run; 0 stands for all or none. */
    public static Shots of(int shots, boolean learns) {
        return shots == 0 && learns ? ALL : new Shots(shots);
    }

    /** Returns "0", "16" or "all". */
    public String label() {
        return equals(ALL) ? "all" : String.valueOf(count);
    }

    /** Returns "16 shots". */
    public String describe() {
        return equals(ALL) ? "all images" : Numbers.count(count, "shot");
    }

    @Override
    public int compareTo(Shots other) {
        return Integer.compare(count, other.count);
    }
}
