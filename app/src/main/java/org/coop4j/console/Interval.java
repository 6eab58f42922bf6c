package org.coop4j.console;

import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;
import org.coop4j.base.Require;

/**
 * A 95 % confidence interval.
 *
 * @param low lower end, in percent or percentage points
 * @param high upper end
 */
public record Interval(double low, double high) {
    private static final double CONFIDENCE = 0.95;

    /**
     * Returns Wilson's score interval of a share of images, in percent (Wilson, Probable Inference, the Law of
     * Succession, and Statistical Inference, 1927).
     *
     * @throws IllegalArgumentException if there are no images, or fewer than correct ones
     */
    public static Interval wilson(int correct, int images) {
        Require.that(
                images >= 1 && correct >= 0 && correct <= images,
                "%d of %d images correct: expected 0 or more of 1 or more",
                correct,
                images);
        ConfidenceInterval interval = new WilsonScoreInterval().createInterval(images, correct, CONFIDENCE);
        return new Interval(Math.max(0, 100 * interval.getLowerBound()), Math.min(100, 100 * interval.getUpperBound()));
    }
}
