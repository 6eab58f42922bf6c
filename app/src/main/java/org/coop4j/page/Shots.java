package org.coop4j.page;

import org.coop4j.base.Numbers;
import org.coop4j.base.Require;

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
        Require.notNegative("shots", count);
    }

    /** Shots of a run; 0 stands for all or none. */
    public static Shots of(int shots, boolean learns) {
        return shots == 0 && learns ? ALL : new Shots(shots);
    }

    /** Reads what {@link #label} returns. */
    public static Shots parse(String text) {
        Require.that(text.matches("all|\\d{1,6}"), "shots: expected a number, or all, got \"%s\"", text);
        return text.equals("all") ? ALL : of(Integer.parseInt(text), true);
    }

    /** Returns the number for a sample, 0 for all. */
    public int sampled() {
        return equals(ALL) ? 0 : count;
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
