package org.coop4j.features;

import java.util.Arrays;
import java.util.stream.IntStream;
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
        float[] logits = new float[Math.multiplyExact(images.rows(), classes)];
        IntStream.range(0, images.rows()).parallel().forEach(image -> {
            double[] scores = scores(images.row(image));
            double largest = Arrays.stream(scores).max().orElseThrow();
            for (int j = 0; j < classes; j++) {
                // Scores themselves could be equal in single precision.
                logits[image * classes + j] = (float) (scores[j] - largest);
            }
        });
        return FeatureMatrix.of(images.rows(), classes, logits);
    }

    double[] scores(float[] features) {
        double[] scores = Arrays.copyOfRange(weights, features.length * classes, weights.length);
        for (int feature = 0; feature < features.length; feature++) {
            double x = features[feature];
            for (int j = 0; j < classes; j++) {
                scores[j] += x * weights[feature * classes + j];
            }
        }
        return scores;
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
