package org.coop4j.method;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;

/**
 * A fitted logistic regression: the scores of the classes are x · W + b, and the largest one decides.
 *
 * @param labels labels of the classes, ascending, [k]
 * @param weights W, [d, k]
 * @param intercepts b, [k]
 * @param c inverse strength of the penalty
 * @param objective final value of ½‖W‖² + C Σ log-loss (for two classes ‖W‖², see the fit)
 * @param iterations number of steps of the optimiser
 * @param converged whether the optimiser reached its tolerance
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LinearClassifier(
        int[] labels,
        double[] weights,
        double[] intercepts,
        double c,
        double objective,
        int iterations,
        boolean converged) {

    /** A classifier with given weights [d, k]; how they were found is unknown. */
    public LinearClassifier(int[] labels, double[] weights, double[] intercepts) {
        this(labels, weights, intercepts, Double.NaN, Double.NaN, 0, true);
    }

    /** Returns the number of classes k. */
    public int classCount() {
        return labels.length;
    }

    /** Returns the number of features d. */
    public int dimension() {
        return weights.length / labels.length;
    }

    /** Returns the weight of a feature in the score of a class. */
    public double weight(int feature, int classPosition) {
        return weights[feature * labels.length + classPosition];
    }

    /**
     * Returns the classifier of some of the classes with unchanged scores.
     *
     * @param positions the classes, labelled from 0 in this order
     */
    public LinearClassifier select(int[] positions) {
        int d = dimension();
        int k = positions.length;
        double[] fewWeights = new double[d * k];
        double[] fewIntercepts = new double[k];
        for (int j = 0; j < k; j++) {
            fewIntercepts[j] = intercepts[positions[j]];
            for (int feature = 0; feature < d; feature++) {
                fewWeights[feature * k + j] = weight(feature, positions[j]);
            }
        }
        return new LinearClassifier(
                IntStream.range(0, k).toArray(), fewWeights, fewIntercepts, c, objective, iterations, converged);
    }

    /** Returns the label predicted for each image; of equal scores the smallest label wins. */
    public int[] predict(FeatureSet images) {
        return Arrays.stream(Predictions.argmax(logits(images.matrix()).toRows()))
                .map(position -> labels[position])
                .toArray();
    }

    /**
     * Returns the difference of each class's score from the largest, [images, classes]; softmax gives the
     * probabilities.
     */
    public FeatureMatrix logits(FeatureMatrix images) {
        if (images.width() != dimension()) {
            throw new IllegalArgumentException(
                    "images of %d features given to a classifier of %d".formatted(images.width(), dimension()));
        }
        requireFinite(images);
        int k = labels.length;
        float[] logits = new float[Math.multiplyExact(images.rows(), k)];
        IntStream.range(0, images.rows()).parallel().forEach(image -> {
            double[] scores = scores(images.row(image));
            double largest = Arrays.stream(scores).max().orElseThrow();
            for (int j = 0; j < k; j++) {
                // Scores themselves could be equal in single precision.
                logits[image * k + j] = (float) (scores[j] - largest);
            }
        });
        return FeatureMatrix.of(images.rows(), k, logits);
    }

    private double[] scores(float[] features) {
        int k = labels.length;
        double[] scores = Arrays.copyOf(intercepts, k);
        for (int feature = 0; feature < features.length; feature++) {
            double x = features[feature];
            for (int j = 0; j < k; j++) {
                scores[j] += x * weights[feature * k + j];
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

    /** Returns the share of images classified correctly, from 0 to 1. */
    public double accuracy(FeatureSet images) {
        if (images.size() == 0) {
            throw new IllegalArgumentException("accuracy: expected 1 or more images, got 0");
        }
        int[] predicted = predict(images);
        long correct = IntStream.range(0, predicted.length)
                .filter(i -> predicted[i] == images.label(i))
                .count();
        return (double) correct / predicted.length;
    }
}
