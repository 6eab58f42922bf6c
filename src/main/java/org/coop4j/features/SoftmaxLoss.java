package org.coop4j.features;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * The objective of logistic regression, λ/2 ‖W‖² + C Σᵢ log-loss of image i, with its derivatives: value and gradient
 * in double precision, products with the Hessian in single precision.
 *
 * <p>A point is a matrix [d + 1, k]: W, then the intercepts divided by {@code interceptScale}. BLAS computes value and
 * gradient in tiles of {@value #TILE} images or features with separate outputs, and products with the Hessian in parts of
 * the images that are added in order, so that nothing depends on the number of threads.
 */
class SoftmaxLoss implements AutoCloseable {
    private static final int TILE = 64;

    /** Smallest number of images that are worth a sum of their own, and the largest number of such parts. */
    private static final int PART = 64;

    private static final int MOST_PARTS = 16;

    /** Number of images that a worker takes through both products at once, whose logits stay in its cache. */
    private static final int BLOCK = 256;

    /** Number of multiplications below which starting threads costs more than it gains. */
    private static final long WORTH_THREADS = 2_000_000;

    private final double[] features; // [n, d], centred
    private final int[] classes; // [n], position of each image's class
    private final int n;
    final int d;
    final int k;
    final double penalty;
    final double c;
    final double interceptScale;
    final double[] residuals; // [n, k]: logits, then C · (probability − truth)
    private final DoubleRows x; // the features
    private final DoubleRows w; // [d, k], of the point
    private final DoubleRows y; // the logits, then the residuals
    private final DoubleRows g; // [d, k], Xᵀ times the residuals
    private final double[] losses; // [n]

    // Of the products with the Hessian, in single precision.
    final Workers workers;
    private final HostMatrix singles; // [n, d + 1], the features and a constant one
    private final HostMatrix vector; // [d + 1, k]
    private final List<HostMatrix> logits = new ArrayList<>(); // [BLOCK, k] of each worker
    private final List<HostMatrix> sums = new ArrayList<>(); // [d + 1, k] of each part of the images

    /**
     * @param workers compute the products with the Hessian
     */
    SoftmaxLoss(
            double[] features, int[] classes, int k, double penalty, double c, double interceptScale, Workers workers) {
        this.workers = workers;
        this.features = features;
        this.classes = classes;
        n = classes.length;
        d = features.length / n;
        this.k = k;
        this.penalty = penalty;
        this.c = c;
        this.interceptScale = interceptScale;
        residuals = new double[Heap.length(n, k, Double.BYTES)];
        losses = new double[n];
        x = DoubleRows.of(features, d);
        w = DoubleRows.allocate(d, k);
        y = DoubleRows.allocate(n, k);
        g = DoubleRows.allocate(d, k);
        singles = HostMatrix.zeros(n, d + 1);
        vector = HostMatrix.zeros(d + 1, k);
        for (int worker = 0; worker < workers.count(); worker++) {
            logits.add(HostMatrix.zeros(BLOCK, k));
        }
        for (int part = 0; part < Math.min(MOST_PARTS, (n + PART - 1) / PART); part++) {
            sums.add(HostMatrix.zeros(d + 1, k));
        }
        float[] row = new float[d + 1];
        row[d] = (float) interceptScale;
        for (int image = 0; image < n; image++) {
            for (int j = 0; j < d; j++) {
                row[j] = (float) features[image * d + j];
            }
            singles.putRow(image, row);
        }
    }

    /** Returns the value at a point and writes its gradient. */
    double evaluate(double[] point, double[] gradient) {
        for (int feature = 0; feature < d; feature++) {
            w.put(feature, point, feature * k);
        }
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
     * Writes the diagonal of a preconditioner at the last evaluated point: the root of each feature's curvature,
     * averaged over the classes.
     *
     * <p>The root by measurement: features of similar sizes, such as CLIP's, take twice the products with the curvature
     * itself, and features of very different sizes many more steps without a preconditioner.
     */
    void scales(double[] scales) {
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

    /**
     * Multiplies a vector by the Hessian at the last evaluated point: Xᵀ D X V, where D is block-diagonal in the
     * images, plus the penalty.
     */
    void timesHessian(double[] v, double[] product) {
        put(v, vector);
        int parts = sums.size();
        workers.each(parts, (worker, part) -> {
            int from = Workers.start(n, part, parts);
            int to = Workers.start(n, part + 1, parts);
            for (int first = from; first < to; first += BLOCK) {
                addBlock(worker, part, first, Math.min(BLOCK, to - first), first == from);
            }
        });
        workers.rows(d + 1, (worker, from, to) -> {
            float[] values = new float[k];
            for (int i = from; i < to; i++) {
                for (int j = i * k; j < (i + 1) * k; j++) {
                    product[j] = 0;
                }
                for (HostMatrix sum : sums) {
                    sum.getRow(i, values);
                    for (int j = 0; j < k; j++) {
                        product[i * k + j] += values[j];
                    }
                }
                for (int j = i * k; i < d && j < (i + 1) * k; j++) {
                    product[j] += penalty * v[j];
                }
            }
        });
    }

    /** Writes a vector [d + 1, k] in single precision. */
    final void put(double[] values, HostMatrix target) {
        float[] row = new float[k];
        for (int i = 0; i <= d; i++) {
            for (int j = 0; j < k; j++) {
                row[j] = (float) values[i * k + j];
            }
            target.putRow(i, row);
        }
    }

    private void addBlock(int worker, int part, int first, int count, boolean begins) {
        int width = d + 1;
        HostMatrix z = logits.get(worker);
        var images = singles.pointer(first, 0);
        Gemm.multiply(Gemm.Form.NN, count, k, width, images, width, vector.pointer(0, 0), k, 0, z.pointer(0, 0), k);
        float[] row = new float[k];
        for (int i = 0; i < count; i++) {
            z.getRow(i, row);
            timesCurvature(first + i, row);
            z.putRow(i, row);
        }
        float beta = begins ? 0 : 1;
        var sum = sums.get(part).pointer(0, 0);
        Gemm.multiply(Gemm.Form.TN, width, k, count, images, width, z.pointer(0, 0), k, beta, sum, k);
    }

    /**
     * Multiplies a change z of an image's logits by the curvature there, C (diag(p) − p pᵀ).
     *
     * <p>Differences from the true class's logit and the residuals C p of the other classes keep their digits for
     * nearly certain predictions.
     */
    void timesCurvature(int image, float[] z) {
        timesCurvature(residuals, image * k, classes[image], c, z);
    }

    /** The same with the residuals that begin at {@code start}. */
    static void timesCurvature(double[] residuals, int start, int trueClass, double c, float[] z) {
        int k = z.length;
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
        singles.close();
        vector.close();
        logits.forEach(HostMatrix::close);
        sums.forEach(HostMatrix::close);
        x.close();
        w.close();
        y.close();
        g.close();
    }

    private void forEachTile(int length, IntConsumer tile) {
        IntStream starts = IntStream.range(0, (length + TILE - 1) / TILE).map(i -> i * TILE);
        boolean threads = (long) n * d * k >= WORTH_THREADS;
        (threads ? starts.parallel() : starts).forEach(tile);
    }

    private void residuals(double[] point, int from, int to) {
        y.product(Gemm.Form.NN, from, to, x, w, d);
        for (int image = from; image < to; image++) {
            int start = image * k;
            y.get(image, residuals, start);
            for (int j = 0; j < k; j++) {
                residuals[start + j] += interceptScale * point[d * k + j];
            }
            losses[image] = toResiduals(image);
            y.put(image, residuals, start);
        }
    }

    private void weightGradient(double[] point, double[] gradient, int from, int to) {
        g.product(Gemm.Form.TN, from, to, x, y, n);
        for (int feature = from; feature < to; feature++) {
            g.get(feature, gradient, feature * k);
        }
        for (int i = from * k; i < to * k; i++) {
            gradient[i] += penalty * point[i];
        }
    }

    /**
     * Turns the k logits of an image into residuals and returns the log-loss.
     *
     * <p>Both come from the sum over the other classes: 1 − p and −log p of a certain prediction would lose all their
     * digits, and with a C of 10⁶ they matter.
     */
    double toResiduals(int image) {
        return toResiduals(residuals, image * k, classes[image], c);
    }

    /** The same of the logits that begin at {@code start}. */
    final double toResiduals(double[] residuals, int start, int trueClass, double c) {
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
