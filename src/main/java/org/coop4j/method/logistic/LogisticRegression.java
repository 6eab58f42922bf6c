package org.coop4j.method.logistic;

import java.util.Arrays;
import java.util.Optional;
import org.coop4j.graph.host.Gemm;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Multinomial logistic regression with an L2 penalty, at the optimum that scikit-learn's {@code
 * LogisticRegression} (lbfgs) looks for: ½‖W‖² + C Σᵢ log-loss, the intercepts not penalised. For
 * two classes scikit-learn has one weight vector w, which is the difference of the two here, and
 * the penalty ½‖w‖² = ‖W‖².
 *
 * <p>Unlike scikit-learn with its defaults, which often stops at {@code tol} or {@code max_iter}
 * before, a fit goes on until a Newton step promises less than 10⁻⁹ of the objective.
 *
 * <p>Two changes of variables, which leave the optimum where it is, save most of the steps: the
 * features are centred, the intercepts taking up the difference, and the intercepts are scaled to
 * the weights' curvature.
 */
public final class LogisticRegression {
    private static final Logger log = LoggerFactory.getLogger(LogisticRegression.class);
    private static final int MOST_STEPS = 500;

    /** A fit ends with the step that promises to lower the objective by less than this part. */
    private static final double TOLERANCE = 1e-9;

    private final int[] labels; // [k]
    private final int[] classes; // [n], position of each image's label
    private final int d;
    private final double[] means; // [d]
    private final double[] centred; // [n, d]
    private final double typicalNorm;

    /**
     * Prepares the training images; this takes 8 · n · d bytes.
     *
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    public LogisticRegression(LabelledFeatures training) {
        labels = training.distinctLabels();
        if (labels.length < 2) {
            throw new IllegalArgumentException(
                    "the %d training images are of %d class%s: a classifier needs two or more"
                            .formatted(training.count(), labels.length, labels.length == 1 ? "" : "es"));
        }
        d = training.dimension();
        classes = Arrays.stream(training.labels())
                .map(label -> Arrays.binarySearch(labels, label))
                .toArray();
        means = means(training);
        centred = centred(training, means);
        typicalNorm = Math.sqrt(TruncatedNewton.dot(centred, centred) / training.count());
    }

    /** Returns the optimum for an inverse penalty strength C. */
    public LinearClassifier fit(double c) {
        return fit(c, Optional.empty());
    }

    /**
     * Returns the optimum for an inverse penalty strength C, starting from another fit on the same
     * images. The optimum does not depend on the start, only the time does.
     */
    public LinearClassifier fit(double c, Optional<LinearClassifier> start) {
        if (!(c > 0) || Double.isInfinite(c)) {
            throw new IllegalArgumentException("C is " + c + ": give a positive number");
        }
        int k = labels.length;
        double penalty = k == 2 ? 2 : 1;
        double interceptScale = interceptScale(c);
        double[] from = start.map(s -> point(s, interceptScale)).orElse(new double[(d + 1) * k]);
        TruncatedNewton minimum = minimise(c, penalty, interceptScale, from);
        if (!minimum.converged()) {
            log.warn(
                    "logistic regression with C = {} ended after {} steps short of its tolerance",
                    c,
                    minimum.iterations());
        }
        return classifier(c, minimum, interceptScale);
    }

    private TruncatedNewton minimise(double c, double penalty, double interceptScale, double[] start) {
        int k = labels.length;
        try (SoftmaxLoss loss = new SoftmaxLoss(centred, classes, k, penalty, c, interceptScale)) {
            return Gemm.singleThreaded(() -> new TruncatedNewton(loss, start, TOLERANCE, MOST_STEPS));
        }
    }

    /** 1/√(C n/k), the inverse root of the curvature near zero, or the features' own size. */
    private double interceptScale(double c) {
        double atZero = Math.sqrt(labels.length / (c * classes.length));
        return Math.max(typicalNorm, atZero);
    }

    private double[] point(LinearClassifier start, double interceptScale) {
        int k = labels.length;
        double[] point = new double[(d + 1) * k];
        for (int j = 0; j < k; j++) {
            double intercept = start.intercept(j);
            for (int feature = 0; feature < d; feature++) {
                point[feature * k + j] = start.weight(feature, j);
                intercept += means[feature] * start.weight(feature, j);
            }
            point[d * k + j] = intercept / interceptScale;
        }
        return point;
    }

    private LinearClassifier classifier(double c, TruncatedNewton minimum, double interceptScale) {
        int k = labels.length;
        double[] weights = new double[d * k];
        double[] intercepts = new double[k];
        for (int j = 0; j < k; j++) {
            intercepts[j] = interceptScale * minimum.point()[d * k + j];
            for (int feature = 0; feature < d; feature++) {
                double weight = minimum.point()[feature * k + j];
                weights[feature * k + j] = weight;
                intercepts[j] -= means[feature] * weight;
            }
        }
        return new LinearClassifier(
                labels, weights, intercepts, c, minimum.value(), minimum.iterations(), minimum.converged());
    }

    private static double[] means(LabelledFeatures training) {
        double[] means = new double[training.dimension()];
        for (int image = 0; image < training.count(); image++) {
            for (int feature = 0; feature < means.length; feature++) {
                means[feature] += training.value(image, feature) / training.count();
            }
        }
        return means;
    }

    private static double[] centred(LabelledFeatures training, double[] means) {
        double[] centred = new double[training.count() * means.length];
        for (int i = 0; i < centred.length; i++) {
            int feature = i % means.length;
            centred[i] = training.value(i / means.length, feature) - means[feature];
        }
        return centred;
    }
}
