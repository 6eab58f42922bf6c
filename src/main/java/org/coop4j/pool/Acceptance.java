package org.coop4j.pool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.coop4j.base.Require;

/**
 * Acceptance of answers that nobody has looked at, with a promise: thresholds are tested in a fixed order, from the surest
 * pictures down, until one fails (learn then test by fixed sequences, Angelopoulos and others, 2021, with the binomial tail).
 *
 * <p>With probability 1 − δ over the draw, at most a share ε of the accepted pictures is wrong, whatever the classifier. It holds only
 * if the checked pictures were drawn at random from the pool, and hidden from whatever made the answers.
 *
 * @param lowest least confidence of an accepted picture; none if no answer can be accepted
 * @param tests the thresholds that were tested, in their order
 */
public record Acceptance(OptionalDouble lowest, List<Test> tests) {

    /** Probability that a promise to a person does not hold. */
    public static final double DELTA = 0.05;

    private static final int STEPS = 20;

    /**
     * A threshold that was tested.
     *
     * @param pictures checked pictures of this confidence or more
     * @param wrong those whose answer is wrong
     * @param p probability of as few wrong ones if a share ε were wrong
     */
    public record Test(double threshold, int pictures, int wrong, double p, boolean passes) {}

    /** Returns the fewest checked pictures, all of them right, that allow to accept anything. */
    public static int fewest(double error, double delta) {
        requireShare("error", error);
        requireShare("delta", delta);
        return (int) Math.ceil(Math.log(delta) / Math.log1p(-error));
    }

    private static void requireShare(String name, double value) {
        Require.that(value > 0 && value < 1, "%s: expected more than 0 and less than 1, got %s", name, value);
    }

    /**
     * Tests the thresholds.
     *
     * @param confidences of all pictures of the pool
     * @param drawn rows of the checked pictures
     * @param right whether each of them is answered correctly; a stranger is not
     * @param error largest share of wrong answers among the accepted, ε
     * @param delta probability that the promise does not hold, δ
     */
    public static Acceptance of(double[] confidences, int[] drawn, boolean[] right, double error, double delta) {
        int need = fewest(error, delta);
        Require.that(drawn.length == right.length, "%d checked pictures with %d answers", drawn.length, right.length);
        double[] sorted = confidences.clone();
        Arrays.sort(sorted);
        int first = 1;
        while (first < STEPS && first * drawn.length < STEPS * 1.5 * need) {
            first++;
        }
        List<Test> tests = new ArrayList<>();
        OptionalDouble lowest = OptionalDouble.empty();
        for (int i = first; i <= STEPS; i++) {
            int rank = (i * sorted.length + STEPS - 1) / STEPS; // the rank-th most confident
            double threshold = sorted[sorted.length - rank];
            int pictures = 0;
            int wrong = 0;
            for (int one = 0; one < drawn.length; one++) {
                if (confidences[drawn[one]] >= threshold) {
                    pictures++;
                    wrong += right[one] ? 0 : 1;
                }
            }
            double p = Math.exp(logCumulative(wrong, pictures, error));
            Test test = new Test(threshold, pictures, wrong, p, pictures > 0 && p <= delta);
            tests.add(test);
            if (!test.passes) {
                break;
            }
            lowest = OptionalDouble.of(threshold);
        }
        return new Acceptance(lowest, tests);
    }

    /** Returns ln P(X ≤ k), X binomial of n trials of probability p. */
    static double logCumulative(int k, int n, double p) {
        if (k >= n) {
            return 0;
        }
        double odds = Math.log(p) - Math.log1p(-p);
        double term = n * Math.log1p(-p); // ln P(X = 0)
        double largest = term;
        double[] terms = new double[k + 1];
        for (int i = 0; i <= k; i++) {
            terms[i] = term;
            largest = Math.max(largest, term);
            term += odds + Math.log((double) (n - i) / (i + 1));
        }
        double top = largest;
        return top
                + Math.log(Arrays.stream(terms).map(one -> Math.exp(one - top)).sum());
    }

    /** Returns true if an answer of this confidence is accepted. */
    public boolean accepts(double confidence) {
        return lowest.isPresent() && confidence >= lowest.getAsDouble();
    }
}
