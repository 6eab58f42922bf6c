package org.coop4j.features;

/**
 * Minimises a smooth convex function by a truncated Newton method: conjugate gradients, stopped early, find each step
 * (Nocedal and Wright, Numerical Optimization, algorithm 7.1), followed by a backtracking line search.
 *
 * <p>The Hessian is only multiplied by vectors, and such a product may be approximate: its error costs steps, but not
 * accuracy, which depends on value and gradient.
 *
 * <p>No library on Maven Central fits: Commons Math has neither Newton's method in many dimensions nor a quasi-Newton
 * one, and its conjugate gradient stops on a difference of values; OpenNLP's L-BFGS has fixed, loose tolerances; Smile
 * is under the GPL; lbfgs4j is unmaintained. L-BFGS takes as many gradients as this takes products, and a gradient
 * costs more.
 */
final class TruncatedNewton {
    private static final double SUFFICIENT_DECREASE = 1e-4;
    private static final int MOST_HALVINGS = 40;
    private static final int MOST_PRODUCTS_PER_STEP = 5_000;

    /**
     * A step is good enough when the last product improved the quadratic model by less than this share of the mean
     * improvement (Nash and Sofer, Assessing a search direction within a truncated-Newton method, 1990).
     */
    private static final double WORTH_ANOTHER_PRODUCT = 0.1;

    /** The same for a step so small that it is the last. */
    private static final double WORTH_BEFORE_THE_END = 1e-3;

    /** Values whose relative difference is below this are equal but for rounding. */
    private static final double ROUNDING = 1e-14;

    private final SoftmaxLoss objective;
    private final double tolerance;
    private final double[] product;
    private final double[] scales;
    private double[] gradient;
    private double[] trialPoint;
    private double[] trialGradient;

    double[] point;
    double value;
    int iterations;

    /** True if the last step promised to lower the value by less than the tolerance. */
    boolean converged;

    /**
     * Descends until a step promises to lower the value by less than {@code tolerance} of it (half the squared Newton
     * decrement; Boyd and Vandenberghe, Convex Optimization, section 9.5), and takes that step too.
     */
    TruncatedNewton(SoftmaxLoss objective, double[] start, double tolerance, int mostIterations) {
        this.objective = objective;
        this.tolerance = tolerance;
        point = start.clone();
        gradient = new double[start.length];
        trialPoint = new double[start.length];
        trialGradient = new double[start.length];
        product = new double[start.length];
        scales = new double[start.length];
        value = objective.evaluate(point, gradient);
        converged = dot(gradient, gradient) == 0;
        while (!converged && iterations < mostIterations) {
            double[] step = step();
            double slope = dot(gradient, step);
            converged = -slope / 2 <= tolerance * value;
            if (!move(step, slope)) {
                break;
            }
            iterations++;
        }
    }

    /** Minimises the quadratic model m(s) = gᵀs + ½ sᵀHs by preconditioned conjugate gradients. */
    private double[] step() {
        int n = gradient.length;
        objective.scales(scales);
        double[] step = new double[n];
        double[] residual = new double[n]; // −(g + Hs)
        addScaled(residual, -1, gradient);
        double[] direction = new double[n];
        double squares = weightedSquares(residual);
        nextDirection(residual, 0, direction);
        double model = 0;
        for (int i = 1; i <= MOST_PRODUCTS_PER_STEP; i++) {
            objective.timesHessian(direction, product);
            double curvature = dot(direction, product);
            if (!(curvature > 0)) {
                return i == 1 ? direction : step; // only rounding is left of the direction
            }
            double length = squares / curvature;
            addScaled(step, length, direction);
            addScaled(residual, -length, product);
            double before = model;
            model = (dot(gradient, step) - dot(residual, step)) / 2;
            if (i * (model - before) >= worth(model) * model) {
                return step; // both are negative
            }
            double left = weightedSquares(residual);
            nextDirection(residual, left / squares, direction);
            squares = left;
        }
        return step;
    }

    private double worth(double model) {
        return -model > tolerance * value ? WORTH_ANOTHER_PRODUCT : WORTH_BEFORE_THE_END;
    }

    /** Moves along a step, halved until the value decreases enough; returns false if it never does. */
    private boolean move(double[] step, double slope) {
        double slack = ROUNDING * Math.abs(value);
        double length = 1;
        for (int trial = 0; trial < MOST_HALVINGS; trial++) {
            for (int i = 0; i < point.length; i++) {
                trialPoint[i] = point[i] + length * step[i];
            }
            double trialValue = objective.evaluate(trialPoint, trialGradient);
            if (trialValue <= value + SUFFICIENT_DECREASE * length * slope + slack) {
                accept(trialValue);
                return true;
            }
            length /= 2;
        }
        return false;
    }

    private void accept(double trialValue) {
        double[] oldPoint = point;
        double[] oldGradient = gradient;
        point = trialPoint;
        gradient = trialGradient;
        value = trialValue;
        trialPoint = oldPoint;
        trialGradient = oldGradient;
    }

    /** Returns the inner product in four chains, since the compiler may not reorder one. */
    static double dot(double[] a, double[] b) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < a.length; i += 4) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < a.length; i++) {
            s0 += a[i] * b[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    private static void addScaled(double[] target, double factor, double[] source) {
        for (int i = 0; i < target.length; i++) {
            target[i] += factor * source[i];
        }
    }

    /** Returns rᵀ M⁻¹ r, where M has the scales on its diagonal. */
    private double weightedSquares(double[] residual) {
        double sum = 0;
        for (int i = 0; i < residual.length; i++) {
            sum += residual[i] * residual[i] / scales[i];
        }
        return sum;
    }

    /** Updates the direction: d ← M⁻¹ r + factor d. */
    private void nextDirection(double[] residual, double factor, double[] direction) {
        for (int i = 0; i < direction.length; i++) {
            direction[i] = residual[i] / scales[i] + factor * direction[i];
        }
    }
}
