package org.coop4j.method.logistic;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * The objective of logistic regression, λ/2 ‖W‖² + C Σᵢ log-loss of image i, with its derivatives:
 * value and gradient in double precision, products with the Hessian in single precision.
 *
 * <p>A point is a matrix [d + 1, k]: W, then the intercepts divided by {@code interceptScale}. Both
 * products run along the classes, so that their inner loops vectorise, and over tiles of {@value
 * #TILE} images or features, so that what they reuse stays in the cache. Tiles write to places of
 * their own and sums run in a fixed order: the result does not depend on the number of threads.
 */
final class SoftmaxLoss implements TruncatedNewton.Objective, AutoCloseable {
    private static final int TILE = 64;

    /** Multiplications below which starting threads costs more than it gains. */
    private static final long WORTH_THREADS = 2_000_000;

    private final double[] features; // [n, d], centred
    private final int[] classes; // [n], position of each image's class
    private final int n;
    private final int d;
    private final int k;
    private final double penalty;
    private final double c;
    private final double interceptScale;
    private final double[] residuals; // [n, k]: logits, then C · (probability − truth)
    private final double[] losses; // [n]
    private final FeatureProducts products;

    SoftmaxLoss(
            double[] features,
            int[] classes,
            int k,
            double penalty,
            double c,
            double interceptScale) {
        this.features = features;
        this.classes = classes;
        n = classes.length;
        d = features.length / n;
        this.k = k;
        this.penalty = penalty;
        this.c = c;
        this.interceptScale = interceptScale;
        residuals = new double[n * k];
        losses = new double[n];
        products = new FeatureProducts(features, n, k, interceptScale);
    }

    @Override
    public double evaluate(double[] point, double[] gradient) {
        forEachTile(n, from -> residuals(point, from, Math.min(from + TILE, n)));
        forEachTile(d, from -> weightGradient(point, gradient, from, Math.min(from + TILE, d)));
        interceptGradient(gradient);
        double squares = 0;
        for (int i = 0; i < d * k; i++) {
            squares += point[i] * point[i];
        }
        return penalty / 2 * squares + c * Arrays.stream(losses).sum();
    }

    /**
     * Scales each feature by the root of its curvature, the mean over the classes.
     *
     * <p>By the root, as measured: features of like sizes, such as CLIP's, take twice the products
     * with the curvature itself, and features of very different sizes many more steps with none.
     */
    @Override
    public void scales(double[] scales) {
        double[] mean = new double[d + 1];
        for (int image = 0; image < n; image++) {
            double curvature = 0; // C p (1 − p), summed over the classes
            for (int j = 0; j < k; j++) {
                double residual = Math.abs(residuals[image * k + j]);
                curvature += residual * (1 - residual / c);
            }
            for (int i = 0; i < d; i++) {
                double feature = features[image * d + i];
                mean[i] += curvature / k * feature * feature;
            }
            mean[d] += curvature / k * interceptScale * interceptScale;
        }
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Math.sqrt(penalty + mean[i / k]);
        }
    }

    @Override
    public void timesHessian(double[] vector, double[] product) {
        products.apply(vector, this::timesCurvature, product);
        for (int i = 0; i < d * k; i++) {
            product[i] += penalty * vector[i];
        }
    }

    /**
     * Multiplies a change z of an image's logits by the curvature there, C (diag(p) − p pᵀ).
     *
     * <p>Differences from the true class' logit and the residuals C p of the other classes keep the
     * digits where the prediction is nearly sure.
     */
    private void timesCurvature(int image, float[] z) {
        int start = image * k;
        int trueClass = classes[image];
        double origin = z[trueClass];
        double mean = 0;
        for (int j = 0; j < k; j++) {
            mean += residuals[start + j] * (z[j] - origin); // 0 for the true class
        }
        mean /= c;
        double others = 0;
        for (int j = 0; j < k; j++) {
            if (j != trueClass) {
                double change = residuals[start + j] * (z[j] - origin - mean);
                others += change;
                z[j] = (float) (Math.abs(change) < Float.MIN_NORMAL ? 0 : change);
            }
        }
        z[trueClass] = (float) -others;
    }

    @Override
    public void close() {
        products.close();
    }

    private void forEachTile(int length, IntConsumer tile) {
        IntStream starts = IntStream.range(0, (length + TILE - 1) / TILE).map(i -> i * TILE);
        boolean threads = (long) n * d * k >= WORTH_THREADS;
        (threads ? starts.parallel() : starts).forEach(tile);
    }

    private void residuals(double[] point, int firstImage, int endImage) {
        for (int image = firstImage; image < endImage; image++) {
            for (int j = 0; j < k; j++) {
                residuals[image * k + j] = interceptScale * point[d * k + j];
            }
        }
        for (int first = 0; first < d; first += TILE) {
            int end = Math.min(first + TILE, d);
            for (int image = firstImage; image < endImage; image++) {
                addProducts(features, image * d, 1, point, residuals, image * k, first, end);
            }
        }
        for (int image = firstImage; image < endImage; image++) {
            losses[image] = toResiduals(image * k, classes[image]);
        }
    }

    private void weightGradient(double[] point, double[] gradient, int firstRow, int endRow) {
        for (int i = firstRow * k; i < endRow * k; i++) {
            gradient[i] = penalty * point[i];
        }
        for (int first = 0; first < n; first += TILE) {
            int end = Math.min(first + TILE, n);
            for (int row = firstRow; row < endRow; row++) {
                addProducts(features, row, d, residuals, gradient, row * k, first, end);
            }
        }
    }

    /**
     * Adds Σ_r left[leftStart + r · leftStride] · right[r, ·] for r from {@code first} to {@code
     * end} to k places of the target, four rows at a time.
     */
    private void addProducts(
            double[] left,
            int leftStart,
            int leftStride,
            double[] right,
            double[] target,
            int targetStart,
            int first,
            int end) {
        int r = first;
        for (; r + 3 < end; r += 4) {
            int at = leftStart + r * leftStride;
            double a0 = left[at];
            double a1 = left[at + leftStride];
            double a2 = left[at + 2 * leftStride];
            double a3 = left[at + 3 * leftStride];
            int row = r * k;
            for (int j = 0; j < k; j++) {
                target[targetStart + j] +=
                        a0 * right[row + j]
                                + a1 * right[row + k + j]
                                + a2 * right[row + 2 * k + j]
                                + a3 * right[row + 3 * k + j];
            }
        }
        for (; r < end; r++) {
            double a = left[leftStart + r * leftStride];
            for (int j = 0; j < k; j++) {
                target[targetStart + j] += a * right[r * k + j];
            }
        }
    }

    /**
     * Turns k logits into residuals and returns the log-loss.
     *
     * <p>Both come from the sum over the other classes: 1 − p and −log p of a sure prediction would
     * lose all their digits, and with a C of 10⁶ they decide.
     */
    private double toResiduals(int start, int trueClass) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int j = start; j < start + k; j++) {
            largest = Math.max(largest, residuals[j]);
        }
        double trueLogit = residuals[start + trueClass] - largest;
        double others = 0;
        for (int j = 0; j < k; j++) {
            residuals[start + j] = Math.exp(residuals[start + j] - largest);
            others += j == trueClass ? 0 : residuals[start + j];
        }
        double sum = others + residuals[start + trueClass];
        for (int j = start; j < start + k; j++) {
            residuals[j] *= c / sum;
        }
        residuals[start + trueClass] = -c * (others / sum);
        return trueLogit == 0 ? Math.log1p(others) : Math.log(sum) - trueLogit;
    }

    private void interceptGradient(double[] gradient) {
        Arrays.fill(gradient, d * k, (d + 1) * k, 0);
        for (int image = 0; image < n; image++) {
            for (int j = 0; j < k; j++) {
                gradient[d * k + j] += interceptScale * residuals[image * k + j];
            }
        }
    }
}
