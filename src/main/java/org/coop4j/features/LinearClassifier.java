package org.coop4j.features;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Scores;

/**
 * A fitted logistic regression: the scores of the classes are x · W + b, and the largest one decides.
 *
 * @param classes number of classes k
 * @param weights [d + 1, k], W and then b
 * @param c inverse strength of the penalty
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LinearClassifier(int classes, double[] weights, double c) {

    /** Images whose scores a thread computes at once. */
    private static final int TILE = 16;

    /** Features whose products {@link #add} adds at once. */
    private static final int STEP = 4;

    /** Returns the number of features d. */
    int dimension() {
        return weights.length / classes - 1;
    }

    /** Returns the classifier of some of the classes, in this order, with unchanged scores. */
    LinearClassifier select(int[] positions) {
        int k = positions.length;
        double[] few = new double[(dimension() + 1) * k];
        for (int i = 0; i < few.length; i++) {
            few[i] = weights[i / k * classes + positions[i % k]];
        }
        return new LinearClassifier(k, few, c);
    }

    /**
     * Returns the difference of each class's score from the largest, [images, classes]; softmax gives the
     * probabilities.
     */
    FeatureMatrix logits(FeatureMatrix images) {
        if (images.width() != dimension()) {
            throw new IllegalArgumentException(
                    "images of %d features given to a classifier of %d".formatted(images.width(), dimension()));
        }
        requireFinite(images);
        int n = images.rows();
        float[] values = images.toArray();
        float[] logits = Heap.floats(n, classes);
        IntStream.range(0, (n + TILE - 1) / TILE).parallel().forEach(tile -> {
            int from = tile * TILE;
            double[][] scores = scores(values, from, Math.min(n, from + TILE));
            for (int i = 0; i < scores.length; i++) {
                double largest = Arrays.stream(scores[i]).max().orElseThrow();
                for (int j = 0; j < classes; j++) {
                    // Scores themselves could be equal in single precision.
                    logits[(from + i) * classes + j] = (float) (scores[i][j] - largest);
                }
            }
        });
        return FeatureMatrix.of(n, classes, logits);
    }

    double[] scores(float[] features) {
        return scores(features, 0, 1)[0];
    }

    /** Returns the scores of some rows of features, which share rows of W while these are in the cache. */
    private double[][] scores(float[] features, int from, int to) {
        int d = dimension();
        double[][] scores = new double[to - from][];
        Arrays.setAll(scores, i -> Arrays.copyOfRange(weights, d * classes, weights.length));
        double[][] rows = new double[STEP][classes];
        double[] own = new double[STEP];
        for (int feature = 0; feature < d; feature += STEP) {
            int count = Math.min(STEP, d - feature);
            for (int s = 0; s < count; s++) {
                System.arraycopy(weights, (feature + s) * classes, rows[s], 0, classes);
            }
            for (int i = 0; i < scores.length; i++) {
                for (int s = 0; s < STEP; s++) {
                    own[s] = s < count ? features[(from + i) * d + feature + s] : 0;
                }
                add(scores[i], own, rows);
            }
        }
        return scores;
    }

    /** Adds products in the order of the features. The compiler makes vectors of it since each row is an array of its own. */
    private static void add(double[] sums, double[] x, double[][] rows) {
        double x0 = x[0];
        double x1 = x[1];
        double x2 = x[2];
        double x3 = x[3];
        double[] w0 = rows[0];
        double[] w1 = rows[1];
        double[] w2 = rows[2];
        double[] w3 = rows[3];
        for (int j = 0; j < sums.length; j++) {
            sums[j] = sums[j] + x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j];
        }
    }

    /**
     * Checks that all features are numbers.
     *
     * @throws IllegalArgumentException naming the first that is not
     */
    static void requireFinite(FeatureMatrix images) {
        float[] values = images.toArray();
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("feature %d of image %d is %s: encode the images again"
                        .formatted(i % images.width(), i / images.width(), values[i]));
            }
        }
    }

    /** Returns the number of images classified correctly; of equal scores the first class wins. */
    int hits(FeatureSet images) {
        return new Scores(images.labels(), logits(images.matrix()).toRows()).right();
    }
}
