package org.coop4j.features;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Heap;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
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

    /** The same of a loss that is computed in single precision. */
    private static final double TOLERANCE_IN_BLOCKS = 1e-5;

    /** Number of passes over very many images that a fit takes, more or less: 8 and 31 were seen. */
    private static final int USUAL_PASSES = 20;

    /** A tolerance for fits whose classes alone matter, not their probabilities. */
    static final double TO_CLASSIFY = 1e-4;

    /** Most numbers, of features and logits, of the images that are held in double precision. */
    private static final int MOST_HELD = 1 << 26;

    private final FeatureSet all; // null if the images below are all
    private final int[] labels; // [n], the class of each image
    private final int k;
    private final int d;
    private final double[] means; // [d]
    private final double[] centred; // [n, d]
    private final double typicalNorm;
    private final Workers workers;
    private final double tolerance;
    private Progress progress = Progress.NONE;

    LogisticRegression(FeatureSet training, Workers workers) {
        this(training, workers, TOLERANCE);
    }

    /**
     * Prepares the training images; this takes 8 · n · d bytes. Of very many, those of a sample are held, and a fit reads all
     * others in blocks.
     *
     * @param workers compute; the caller closes them
     * @param tolerance a fit ends with the step that promises to lower the objective by less than this share
     * @throws IllegalArgumentException if there are fewer than two classes, one has no image, or a feature is not a
     *     number
     */
    LogisticRegression(FeatureSet training, Workers workers, double tolerance) {
        this(training, sample(training), workers, tolerance);
    }

    LogisticRegression(FeatureSet all, FeatureSet held, Workers workers, double tolerance) {
        this(all, held, classes(all), workers, tolerance);
    }

    private LogisticRegression(FeatureSet all, FeatureSet held, int k, Workers workers, double tolerance) {
        this(all == held ? null : all, held.matrix(), held.labels(), k, workers, tolerance);
    }

    LogisticRegression(FeatureMatrix features, int[] labels, int k, Workers workers, double tolerance) {
        this(null, features, labels, k, workers, tolerance);
    }

    private LogisticRegression(
            FeatureSet all, FeatureMatrix features, int[] labels, int k, Workers workers, double tolerance) {
        this.all = all;
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

    /** Shows how often a fit has passed over very many images, which takes minutes. */
    LogisticRegression showing(Progress shown) {
        progress = shown;
        return this;
    }

    /** Returns as many images as are held in memory: all but of very many, otherwise as many of each class. */
    static FeatureSet sample(FeatureSet images) {
        int k = 1 + Arrays.stream(images.labels()).max().orElse(0);
        int held = MOST_HELD / (k + images.width());
        return images.size() <= held ? images : images.drawn(Math.max(1, held / k));
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

    private static int penalty(int k) {
        return k == 2 ? 2 : 1;
    }

    /** Returns the objective of centred features [n, d]. */
    SoftmaxLoss objective(double[] features, double c, double interceptScale) {
        return new SoftmaxLoss(features, labels, k, penalty(k), c, interceptScale, workers);
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
        return new LinearClassifier(k, moved(minimum.point, interceptScale(ofHeld(c)), -1, 1), c);
    }

    /** Returns the optimum as a point of the objective. */
    TruncatedNewton minimum(double c, LinearClassifier start) {
        Require.that(c > 0 && !Double.isInfinite(c), "C: expected a positive number, got %s", c);
        double ofHeld = ofHeld(c);
        double scale = interceptScale(ofHeld);
        double[] from = start == null ? new double[(d + 1) * k] : moved(start.weights(), 1, 1, scale);
        if (all == null) {
            return minimum(objective(centred, c, scale), from, tolerance);
        }
        try (Progress.Task passes = progress.task("learning", USUAL_PASSES, Progress.Unit.PASSES)) {
            // The optimum of the held images, with a loss as large as that of all, is a start.
            double[] near = start != null ? from : minimum(objective(centred, ofHeld, scale), from, TO_CLASSIFY).point;
            return minimum(
                    new BlockLoss(all, c, means, centred, labels, k, penalty(k), ofHeld, scale, workers, passes),
                    near,
                    Math.max(tolerance, TOLERANCE_IN_BLOCKS));
        }
    }

    private static TruncatedNewton minimum(SoftmaxLoss objective, double[] start, double tolerance) {
        try (objective) {
            return Gemm.singleThreaded(() -> new TruncatedNewton(objective, start, tolerance, MOST_STEPS));
        }
    }

    /** Returns the C with which the loss of the held images is about as large as that of all. */
    private double ofHeld(double c) {
        return all == null ? c : c * all.size() / labels.length;
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
        double[] centred = new double[Heap.length(features.rows(), means.length, Double.BYTES)];
        for (int i = 0; i < centred.length; i++) {
            int feature = i % means.length;
            centred[i] = features.get(i / means.length, feature) - means[feature];
        }
        return centred;
    }

    /**
     * The objective of more images than are held in memory, from logits in single precision, which are computed anew for each
     * product with the Hessian; the held images give the preconditioner.
     */
    private static final class BlockLoss extends SoftmaxLoss {

        /** Number of images whose features and logits a worker holds. */
        private static final int BLOCK = 1024;

        /** Number of sums, so that none depends on the number of threads. */
        private static final int PARTS = 8;

        private final FeatureSet all;
        private final double cOfAll;
        private final double[] means;
        private final HostMatrix point = HostMatrix.zeros(d + 1, k); // the last evaluated
        private final HostMatrix direction = HostMatrix.zeros(d + 1, k);
        private final List<Buffers> buffers = new ArrayList<>(); // of each worker
        private final double[][] sums = new double[PARTS][(d + 1) * k];
        private final double[] losses = new double[PARTS];
        private final Progress.Task passes;
        private int passed;

        /**
         * @param images of a block, centred, and a constant, [BLOCK, d + 1]
         * @param logits [BLOCK, k], then the residuals
         * @param changes of the logits by a direction, [BLOCK, k]
         * @param sum of a block, [d + 1, k]
         */
        private record Buffers(HostMatrix images, HostMatrix logits, HostMatrix changes, HostMatrix sum) {}

        BlockLoss(
                FeatureSet all,
                double cOfAll,
                double[] means,
                double[] held,
                int[] classes,
                int k,
                double penalty,
                double ofHeld,
                double interceptScale,
                Workers workers,
                Progress.Task passes) {
            super(held, classes, k, penalty, ofHeld, interceptScale, workers);
            this.all = all;
            this.cOfAll = cOfAll;
            this.means = means;
            this.passes = passes;
            for (int worker = 0; worker < workers.count(); worker++) {
                buffers.add(new Buffers(
                        HostMatrix.zeros(BLOCK, d + 1),
                        HostMatrix.zeros(BLOCK, k),
                        HostMatrix.zeros(BLOCK, k),
                        HostMatrix.zeros(d + 1, k)));
            }
        }

        @Override
        double evaluate(double[] at, double[] gradient) {
            super.evaluate(at, gradient); // for the preconditioner
            put(at, point);
            addUp(at, false, gradient);
            double squares = 0;
            for (int i = 0; i < d * k; i++) {
                squares += at[i] * at[i];
            }
            double loss = Arrays.stream(losses).sum();
            Require.that(!Double.isNaN(loss), "a feature is not a number: encode the images again");
            return penalty / 2 * squares + cOfAll * loss;
        }

        @Override
        void timesHessian(double[] v, double[] product) {
            put(v, direction);
            addUp(v, true, product);
        }

        /** Writes the gradient at a point, or the product of a vector with the Hessian. */
        private void addUp(double[] at, boolean hessian, double[] target) {
            workers.each(PARTS, (worker, part) -> {
                Arrays.fill(sums[part], 0);
                losses[part] = 0;
                int to = Workers.start(all.size(), part + 1, PARTS);
                for (int from = Workers.start(all.size(), part, PARTS); from < to; from += BLOCK) {
                    add(buffers.get(worker), hessian, part, from, Math.min(BLOCK, to - from));
                }
            });
            for (int i = 0; i < target.length; i++) {
                target[i] = i < d * k ? penalty * at[i] : 0;
                for (double[] part : sums) {
                    target[i] += part[i];
                }
            }
            passes.total(Math.max(USUAL_PASSES, ++passed + 1));
            passes.advance(1);
        }

        private void add(Buffers own, boolean hessian, int part, int first, int count) {
            float[] image = new float[d + 1];
            image[d] = (float) interceptScale;
            for (int i = 0; i < count; i++) {
                all.copy(first + i, 0, image, 0);
                for (int j = 0; j < d; j++) {
                    image[j] = (float) (image[j] - means[j]);
                }
                own.images.putRow(i, image);
            }
            int width = d + 1;
            var x = own.images.pointer(0, 0);
            product(own, point, own.logits, count);
            HostMatrix weights = own.logits;
            if (hessian) {
                product(own, direction, own.changes, count);
                weights = own.changes;
            }
            float[] row = new float[k];
            double[] residuals = new double[k];
            for (int i = 0; i < count; i++) {
                int label = all.label(first + i);
                own.logits.getRow(i, row);
                for (int j = 0; j < k; j++) {
                    residuals[j] = row[j];
                }
                losses[part] += toResiduals(residuals, 0, label, cOfAll);
                if (hessian) {
                    own.changes.getRow(i, row);
                    timesCurvature(residuals, 0, label, cOfAll, row);
                } else {
                    for (int j = 0; j < k; j++) {
                        row[j] = (float) residuals[j];
                    }
                }
                weights.putRow(i, row);
            }
            var y = weights.pointer(0, 0);
            Gemm.multiply(Gemm.Form.TN, width, k, count, x, width, y, k, 0, own.sum.pointer(0, 0), k);
            for (int i = 0; i < width; i++) {
                own.sum.getRow(i, row);
                for (int j = 0; j < k; j++) {
                    sums[part][i * k + j] += row[j];
                }
            }
        }

        private void product(Buffers own, HostMatrix at, HostMatrix target, int count) {
            var x = own.images.pointer(0, 0);
            Gemm.multiply(Gemm.Form.NN, count, k, d + 1, x, d + 1, at.pointer(0, 0), k, 0, target.pointer(0, 0), k);
        }

        @Override
        public void close() {
            super.close();
            point.close();
            direction.close();
            for (Buffers own : buffers) {
                own.images.close();
                own.logits.close();
                own.changes.close();
                own.sum.close();
            }
        }
    }
}
