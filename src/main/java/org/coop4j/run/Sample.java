package org.coop4j.run;

/**
 * Which images a run learns from.
 *
 * @param shots training images a class; 0 for all
 * @param seed where every random draw of the run begins
 * @param views random crops of each training image that are encoded, used in turn; 0 for the one
 *     centre crop of the test transform
 */
public record Sample(int shots, long seed, int views) {

    /** Of a method that learns nothing. */
    public static final Sample NONE = new Sample(0, 0, 0);

    public Sample {
        if (shots < 0) {
            throw new IllegalArgumentException(
                    "shots: expected 1 or more, or 0 for all images, got " + shots);
        }
        if (views < 0) {
            throw new IllegalArgumentException("views: expected 0 or more, got " + views);
        }
    }

    /** The images of the test transform. */
    public Sample(int shots, long seed) {
        this(shots, seed, 0);
    }
}
