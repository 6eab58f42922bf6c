package org.coop4j.console;

import java.util.Collection;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;

/**
 * Mean and spread of a number over seeds.
 *
 * @param count number of seeds
 * @param mean mean over the seeds
 * @param sampleSd standard deviation with divisor n − 1; NaN for one seed
 */
public record SeedSummary(int count, double mean, double sampleSd) {
    private static final double TWO_SIDED = 0.975;

    /** For two seeds t is 12.7, which makes the interval useless. */
    private static final int FEWEST_FOR_INTERVAL = 3;

    /**
     * Summarises one number per seed.
     *
     * @throws IllegalArgumentException if there is none, or one is not finite
     */
    public static SeedSummary of(double... values) {
        Require.that(values.length != 0, "no values to summarise");
        for (double value : values) {
            Require.that(Double.isFinite(value), "cannot summarise the value %s", value);
        }
        return new SeedSummary(
                values.length,
                StatUtils.mean(values),
                values.length == 1 ? Double.NaN : Math.sqrt(StatUtils.variance(values)));
    }

    /** Summarises a number of each result, one result per seed. */
    public static <T> SeedSummary of(Collection<T> results, ToDoubleFunction<T> number) {
        return of(results.stream().mapToDouble(number).toArray());
    }

    /** Returns the half width of Student's 95 % interval, t · sampleSd / √n; NaN for one seed. */
    public double studentCi95() {
        return count == 1
                ? Double.NaN
                : new TDistribution(count - 1).inverseCumulativeProbability(TWO_SIDED) * sampleSd / Math.sqrt(count);
    }

    /** Returns Student's 95 % interval of the mean of percentages, clipped to 0 and 100; empty for one or two seeds. */
    public Optional<Interval> percentInterval() {
        return count < FEWEST_FOR_INTERVAL
                ? Optional.empty()
                : Optional.of(new Interval(Math.max(0, mean - studentCi95()), Math.min(100, mean + studentCi95())));
    }

    /** Returns "63.6 ± 0.9": mean and sample standard deviation; the mean alone for one seed. */
    public String meanSd(int decimals) {
        String mean = Numbers.number(mean(), decimals);
        return count() == 1 ? mean : mean + " ± " + Numbers.number(sampleSd(), decimals);
    }

    /** Formats the 95 % interval of a mean percentage, as "62.1 – 65.0"; a dash for too few seeds. */
    public String interval(int decimals) {
        return percentInterval()
                .map(i -> Numbers.number(i.low(), decimals) + " – " + Numbers.number(i.high(), decimals))
                .orElse(Numbers.UNKNOWN);
    }
}
