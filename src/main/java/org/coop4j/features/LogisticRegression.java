package org.coop4j.features;

import java.util.Arrays;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Workers;
import org.slf4j.Logger;

/**
 * Multinomial logistic regression with an L2 penalty, at the optimum of scikit-learn's {@code LogisticRegression}
 * (lbfgs): ½‖W‖² + C Σᵢ log-loss, the intercepts not penalised. For two classes scikit-learn has one weight vector w,
 * the difference of the two here, and the penalty ½‖w‖² = ‖W‖².
 *
 * <p>A fit goes on until a Newton step promises less than 10⁻⁹ of the objective; scikit-learn with its defaults often
 * stops earlier at {@code tol} or {@code max_iter}.
 *
 * <p>Two changes of variables, which do not move the optimum, save most of the steps: the features are centred, with
 * the difference added to the intercepts, and the intercepts are scaled to the curvature of the weights.
 */
class LogisticRegression {
    private static final Logger log = Log.of(LogisticRegression.class);
    private static final int MOST_STEPS = 500;

    private static final double TOLERANCE = 1e-9;

    /** A tolerance for fits whose classes alone matter, not their probabilities. */
    static final double TO_CLASSIFY = 1e-4;

    private final int[] labels; // [n], the class of each image
    private final int k;
    private final int d;
    private final double[] means; // [d]
    private final double[] centred; // [n, d]
    private final double typicalNorm;
    private final Workers workers;
    private final double tolerance;

    LogisticRegression(FeatureSet training, Workers workers) {
        this(training, workers, TOLERANCE);
    }

    /**
     * Prepares the training images; this takes 8 · n · d bytes.
     *
     * @param workers compute; the caller closes them
     * @param tolerance a fit ends with the step that promises to lower the objective by less than this share
     * @throws IllegalArgumentException if there are fewer than two classes, one has no image, or a feature is not a
     *     number
     */
    LogisticRegression(FeatureSet training, Workers workers, double tolerance) {
        this(training.matrix(), training.labels(), classes(training), workers, tolerance);
    }

    LogisticRegression(FeatureMatrix features, int[] labels, int k, Workers workers, double tolerance) {
        this.workers = workers;
        this.tolerance = tolerance;
        this.labels = labels;
        this.k = k;
        LinearClassifier.requireFinite(features);
        d = features.width();
        means = means(features);
        centred = centred(features, means);
        typicalNorm = Math.sqrt(TruncatedNewton.dot(centred, centred) / features.rows());
    }

    private static int classes(FeatureSet training) {
        int[] labels = training.labels();
        int k = (int) Arrays.stream(labels).distinct().count();
        Require.that(
                k >= 2 && Arrays.stream(labels).allMatch(label -> label < k),
                "a classifier needs two or more classes with images, but the %s of %s",
                Numbers.count(training.size(), "training image is", "training images are"),
                Numbers.count(k, "class", "classes"));
        return k;
    }

    /** Returns the objective of centred features [n, d]. */
    SoftmaxLoss objective(double[] features, double c, double interceptScale) {
        return new SoftmaxLoss(features, labels, k, k == 2 ? 2 : 1, c, interceptScale, workers);
    }

    /**
     * Finds the optimum for an inverse penalty strength C.
     *
     * @param start another fit on the same images, which saves time and does not move the optimum; null for none
     */
    LinearClassifier fit(double c, LinearClassifier start) {
        TruncatedNewton minimum = minimum(c, start);
        if (!minimum.converged) {
            log.warn(
                    "logistic regression with C = {} ended after {} steps short of its tolerance",
                    c,
                    minimum.iterations);
        }
        return new LinearClassifier(k, moved(minimum.point, interceptScale(c), -1, 1), c);
    }

    /** Returns the optimum as a point of the objective. */
    TruncatedNewton minimum(double c, LinearClassifier start) {
        Require.that(c > 0 && !Double.isInfinite(c), "C: expected a positive number, got %s", c);
        double scale = interceptScale(c);
        double[] from = start == null ? new double[(d + 1) * k] : moved(start.weights(), 1, 1, scale);
        try (SoftmaxLoss loss = objective(centred, c, scale)) {
            return Gemm.singleThreaded(() -> new TruncatedNewton(loss, from, tolerance, MOST_STEPS));
        }
    }

    /** Returns 1/√(C n/k), the inverse root of the curvature near zero, or the features' own size. */
    private double interceptScale(double c) {
        double atZero = Math.sqrt(k / (c * labels.length));
        return Math.max(typicalNorm, atZero);
    }

    /**
     * Returns weights [d + 1, k] for features from which the means are subtracted, or to which they are added if the
     * sign is −1.
     *
     * @param from scale of the intercepts, which becomes {@code to}
     */
    private double[] moved(double[] weights, double from, int sign, double to) {
        double[] moved = weights.clone();
        for (int j = 0; j < k; j++) {
            double intercept = from * weights[d * k + j];
            for (int feature = 0; feature < d; feature++) {
                intercept += sign * means[feature] * weights[feature * k + j];
            }
            moved[d * k + j] = intercept / to;
        }
        return moved;
    }

    private static double[] means(FeatureMatrix features) {
        double[] means = new double[features.width()];
        for (int image = 0; image < features.rows(); image++) {
            for (int feature = 0; feature < means.length; feature++) {
                means[feature] += features.get(image, feature) / features.rows();
            }
        }
        return means;
    }

    private static double[] centred(FeatureMatrix features, double[] means) {
        double[] centred = new double[features.rows() * means.length];
        for (int i = 0; i < centred.length; i++) {
            int feature = i % means.length;
            centred[i] = features.get(i / means.length, feature) - means[feature];
        }
        return centred;
    }
}
