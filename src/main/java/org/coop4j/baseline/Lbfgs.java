package org.coop4j.baseline;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Minimises a smooth convex function by limited-memory BFGS (Liu and Nocedal, 1989; Nocedal and
 * Wright, Numerical Optimization, algorithms 7.4 and 7.5), with a bisecting search for a step that
 * meets the Wolfe conditions (Lewis and Overton, 2013).
 *
 * <p>Written here because no library on Maven Central fits: Commons Math has no quasi-Newton
 * method, and its conjugate gradient stops on a difference of values; OpenNLP's L-BFGS has fixed,
 * loose tolerances; Smile is under the GPL; lbfgs4j is no longer kept.
 */
final class Lbfgs {
    /** Ten, the usual number, takes five times the steps where C is large and classes overlap. */
    private static final int HISTORY = 30;

    private static final double SUFFICIENT_DECREASE = 1e-4;
    private static final double CURVATURE = 0.9;
    private static final int MOST_TRIALS = 60;

    /** Values whose relative difference is below this are equal but for rounding. */
    private static final double ROUNDING = 1e-14;

    private final Objective objective;
    private final StoppingRule stop;
    private final Deque<Correction> corrections = new ArrayDeque<>();

    private double[] point;
    private double[] gradient;
    private double value;
    private double[] trialPoint;
    private double[] trialGradient;
    private double trialValue;

    private Lbfgs(Objective objective, StoppingRule stop, double[] start) {
        this.objective = objective;
        this.stop = stop;
        point = start.clone();
        gradient = new double[start.length];
        trialPoint = new double[start.length];
        trialGradient = new double[start.length];
    }

    /** A function and its gradient. */
    @FunctionalInterface
    interface Objective {
        /** Returns the value at a point and writes the gradient there. */
        double evaluate(double[] point, double[] gradient);
    }

    /** Says when a point is good enough. */
    @FunctionalInterface
    interface StoppingRule {
        boolean isMet(double value, double[] gradient);
    }

    /**
     * Where a minimisation ended.
     *
     * @param value the value there
     * @param iterations steps taken
     * @param converged whether the stopping rule was met
     */
    record Minimum(Point point, double value, int iterations, boolean converged) {}

    /** A point; a class of its own, since records compare arrays by identity. */
    static final class Point {
        private final double[] coordinates;

        private Point(double[] coordinates) {
            this.coordinates = coordinates;
        }

        double get(int i) {
            return coordinates[i];
        }
    }

    /** A past step s, the change y of the gradient over it, and 1 / (s · y). */
    private static final class Correction {
        private final double[] step;
        private final double[] change;
        private final double inverseProduct;

        Correction(double[] step, double[] change) {
            this.step = step;
            this.change = change;
            inverseProduct = 1 / dot(step, change);
        }
    }

    static Minimum minimise(
            Objective objective, double[] start, StoppingRule stop, int mostIterations) {
        return new Lbfgs(objective, stop, start).run(mostIterations);
    }

    private Minimum run(int mostIterations) {
        value = objective.evaluate(point, gradient);
        int iterations = 0;
        boolean converged = stop.isMet(value, gradient);
        while (!converged && iterations < mostIterations && step()) {
            iterations++;
            converged = stop.isMet(value, gradient);
        }
        return new Minimum(new Point(point), value, iterations, converged);
    }

    /** Takes one step; returns false if rounding leaves no way down. */
    private boolean step() {
        double[] direction = direction();
        double slope = dot(gradient, direction);
        double length = corrections.isEmpty() ? 1 / Math.sqrt(dot(gradient, gradient)) : 1;
        if (slope >= 0 || !search(direction, slope, length)) {
            return false;
        }
        double[] change = difference(trialGradient, gradient);
        double[] step = difference(trialPoint, point);
        if (dot(step, change) > 0) {
            corrections.addLast(new Correction(step, change));
            if (corrections.size() > HISTORY) {
                corrections.removeFirst();
            }
        }
        accept();
        return true;
    }

    /** Minus the approximate inverse Hessian times the gradient, by the two-loop recursion. */
    private double[] direction() {
        double[] direction = new double[gradient.length];
        addScaled(direction, -1, gradient);
        double[] weights = new double[corrections.size()];
        int i = weights.length;
        for (Iterator<Correction> past = corrections.descendingIterator(); past.hasNext(); ) {
            Correction c = past.next();
            weights[--i] = c.inverseProduct * dot(c.step, direction);
            addScaled(direction, -weights[i], c.change);
        }
        if (!corrections.isEmpty()) {
            Correction last = corrections.getLast();
            scale(direction, 1 / (last.inverseProduct * dot(last.change, last.change)));
        }
        for (Correction c : corrections) {
            double weight = c.inverseProduct * dot(c.change, direction);
            addScaled(direction, weights[i++] - weight, c.step);
        }
        return direction;
    }

    /** Looks for a step length that meets the Wolfe conditions; the trial point is then there. */
    private boolean search(double[] direction, double slope, double firstLength) {
        double low = 0;
        double high = Double.POSITIVE_INFINITY;
        double length = firstLength;
        double slack = ROUNDING * Math.abs(value);
        for (int trial = 0; trial < MOST_TRIALS; trial++) {
            moveTrial(direction, length);
            if (!(trialValue <= value + SUFFICIENT_DECREASE * length * slope + slack)) {
                high = length;
            } else if (dot(trialGradient, direction) < CURVATURE * slope) {
                low = length;
            } else {
                return true;
            }
            length = Double.isInfinite(high) ? 2 * length : (low + high) / 2;
        }
        return false;
    }

    private void moveTrial(double[] direction, double length) {
        for (int i = 0; i < point.length; i++) {
            trialPoint[i] = point[i] + length * direction[i];
        }
        trialValue = objective.evaluate(trialPoint, trialGradient);
    }

    private void accept() {
        double[] oldPoint = point;
        double[] oldGradient = gradient;
        point = trialPoint;
        gradient = trialGradient;
        value = trialValue;
        trialPoint = oldPoint;
        trialGradient = oldGradient;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void addScaled(double[] target, double factor, double[] source) {
        for (int i = 0; i < target.length; i++) {
            target[i] += factor * source[i];
        }
    }

    private static void scale(double[] target, double factor) {
        for (int i = 0; i < target.length; i++) {
            target[i] *= factor;
        }
    }

    private static double[] difference(double[] a, double[] b) {
        double[] difference = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            difference[i] = a[i] - b[i];
        }
        return difference;
    }
}
