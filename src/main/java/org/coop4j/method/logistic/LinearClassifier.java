package org.coop4j.method.logistic;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A fitted logistic regression: class scores are x · W + b, and the largest one decides.
 *
 * @param labels of the classes, ascending, [k]
 * @param weights W, [d, k]
 * @param intercepts b, [k]
 * @param c inverse strength of the penalty that it was fitted with
 * @param objective ½‖W‖² + C Σ log-loss at the end (for two classes ‖W‖², see the fit)
 * @param iterations the optimiser's steps
 * @param converged whether the optimiser reached its tolerance
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LinearClassifier(
        int[] labels,
        double[] weights,
        double[] intercepts,
        double c,
        double objective,
        int iterations,
        boolean converged) {

    /** One from given weights [d, k], of which nothing else is known. */
    public LinearClassifier(int[] labels, double[] weights, double[] intercepts) {
        this(labels, weights, intercepts, Double.NaN, Double.NaN, 0, true);
    }

    /** Returns k, the number of classes. */
    public int classCount() {
        return labels.length;
    }

    /** Returns d, the number of features. */
    public int dimension() {
        return weights.length / labels.length;
    }

    /** Returns the label of a class. */
    public int label(int classPosition) {
        return labels[classPosition];
    }

    /** Returns the weight of a feature in the score of a class. */
    public double weight(int feature, int classPosition) {
        return weights[feature * labels.length + classPosition];
    }

    /** Returns the intercept of a class. */
    public double intercept(int classPosition) {
        return intercepts[classPosition];
    }

    /**
     * Returns a classifier of some of the classes alone, with the scores that they have here.
     *
     * @param positions the classes, labelled from 0 in this order
     */
    public LinearClassifier select(int[] positions) {
        int d = dimension();
        int k = positions.length;
        double[] fewWeights = new double[d * k];
        double[] fewIntercepts = new double[k];
        for (int j = 0; j < k; j++) {
            fewIntercepts[j] = intercept(positions[j]);
            for (int feature = 0; feature < d; feature++) {
                fewWeights[feature * k + j] = weight(feature, positions[j]);
            }
        }
        return new LinearClassifier(
                IntStream.range(0, k).toArray(), fewWeights, fewIntercepts, c, objective, iterations, converged);
    }

    /** Returns the label predicted for each image; of equal scores the smallest label wins. */
    public int[] predict(LabelledFeatures images) {
        requireDimension(images);
        int[] predicted = new int[images.count()];
        IntStream.range(0, images.count()).parallel().forEach(image -> predicted[image] = predict(images, image));
        return predicted;
    }

    /**
     * Returns how far each class's score is from the largest, [images][classes]; the softmax of a
     * row is the classes' probabilities.
     */
    public float[][] scores(LabelledFeatures images) {
        requireDimension(images);
        float[][] scores = new float[images.count()][labels.length];
        IntStream.range(0, images.count()).parallel().forEach(image -> {
            double[] exact = scores(images, image);
            double largest = Arrays.stream(exact).max().orElseThrow();
            for (int j = 0; j < exact.length; j++) {
                // Not the scores: in singles, two of them might be equal.
                scores[image][j] = (float) (exact[j] - largest);
            }
        });
        return scores;
    }

    /** Returns the share of images, from 0 to 1, whose label is predicted. */
    public double accuracy(LabelledFeatures images) {
        if (images.count() == 0) {
            throw new IllegalArgumentException("there are no images to measure an accuracy on");
        }
        int[] predicted = predict(images);
        long correct = IntStream.range(0, predicted.length)
                .filter(i -> predicted[i] == images.label(i))
                .count();
        return (double) correct / predicted.length;
    }

    private void requireDimension(LabelledFeatures images) {
        if (images.dimension() != dimension()) {
            throw new IllegalArgumentException(
                    "images of %d features given to a classifier of %d".formatted(images.dimension(), dimension()));
        }
    }

    private int predict(LabelledFeatures images, int image) {
        double[] scores = scores(images, image);
        int best = 0;
        for (int j = 1; j < scores.length; j++) {
            best = scores[j] > scores[best] ? j : best;
        }
        return labels[best];
    }

    private double[] scores(LabelledFeatures images, int image) {
        int k = labels.length;
        double[] scores = Arrays.copyOf(intercepts, k);
        for (int feature = 0; feature < dimension(); feature++) {
            double x = images.value(image, feature);
            for (int j = 0; j < k; j++) {
                scores[j] += x * weights[feature * k + j];
            }
        }
        return scores;
    }
}
