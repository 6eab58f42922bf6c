package org.coop4j.eval;

import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.math3.analysis.UnivariateFunction;
import org.apache.commons.math3.analysis.solvers.BrentSolver;
import org.coop4j.base.Require;

/**
 * The logits of labelled images, and what follows from them.
 *
 * @param labels label of each image
 * @param logits [images][classes]; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Scores(int[] labels, float[][] logits) {

    private static final double LARGEST_LOG = 12;
    private static final double ACCURACY = 1e-12;
    private static final int MOST_STEPS = 500;

    /** The scores of no images. */
    public static final Scores NONE = new Scores(new int[0], new float[0][]);

    public Scores {
        Require.that(
                labels.length == logits.length,
                "expected as many labels as rows of logits, got %d and %d",
                labels.length,
                logits.length);
    }

    /** Returns the scores of these images and further ones of the same classes. */
    public Scores and(Scores others) {
        return new Scores(
                IntStream.concat(IntStream.of(labels), IntStream.of(others.labels))
                        .toArray(),
                Stream.concat(Stream.of(logits), Stream.of(others.logits)).toArray(float[][]::new));
    }

    /** Returns the number of images. */
    public int size() {
        return labels.length;
    }

    /** Returns true for each image that is classified correctly. */
    public boolean[] correct() {
        boolean[] correct = new boolean[labels.length];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = Predictions.argmax(logits[i]) == labels[i];
        }
        return correct;
    }

    /** Returns the probability of each image's predicted label. */
    public double[] confidences() {
        return IntStream.range(0, labels.length)
                .mapToDouble(i -> probabilities(i)[Predictions.argmax(logits[i])])
                .toArray();
    }

    /** Returns the number of images that are classified correctly. */
    public int right() {
        return (int) IntStream.range(0, labels.length)
                .filter(i -> Predictions.argmax(logits[i]) == labels[i])
                .count();
    }

    /** Returns the percentage of images that are classified correctly; not a number if there are none. */
    public double accuracy() {
        return 100.0 * right() / labels.length;
    }

    /** Returns the same predictions with the logits divided by a temperature. */
    public Scores at(double temperature) {
        float[][] scaled = new float[logits.length][];
        for (int i = 0; i < logits.length; i++) {
            scaled[i] = logits[i].clone();
            for (int c = 0; c < scaled[i].length; c++) {
                scaled[i][c] = (float) (logits[i][c] / temperature);
            }
        }
        return new Scores(labels, scaled);
    }

    /** Returns the predicted label of each image, the smallest one of equal logits. */
    public int[] predictions() {
        return Predictions.argmax(logits);
    }

    /** Returns the probabilities of an image's classes. */
    public double[] probabilities(int image) {
        return Predictions.softmax(logits[image]);
    }

    /** Returns the accuracy, F1 and the confusion matrix. */
    public Evaluation evaluation() {
        return Evaluation.of(labels, predictions());
    }

    /** Returns the agreement of confidences and accuracies. */
    public Calibration calibration(int bins) {
        return Calibration.of(confidences(), correct(), bins);
    }

    /** Returns the expected calibration error in the usual bins, 0 to 1. */
    public double calibrationError() {
        return calibration(Calibration.USUAL_BINS).expectedError();
    }

    /** For each threshold of the probability, counts the answers at or above it, and how many of them are correct. */
    public Coverage coverage() {
        return Coverage.of(confidences(), correct());
    }

    /** Returns the percentage of images of other classes that a score accepts as one of the classes. */
    public double falsePositives(OpenSet score) {
        return score.falsePositives(labels, logits);
    }

    /**
     * Fits a temperature (temperature scaling; Guo and others, On Calibration of Modern Neural Networks, 2017): divided by
     * it, the logits have the least mean cross-entropy, so that predictions with a probability of 80 % are correct four
     * times out of five. It changes no prediction.
     *
     * @return the temperature; empty if there is no minimum, since all predictions are correct (any lower temperature
     *     fits better) or the logits are worse than chance
     */
    public OptionalDouble temperature() {
        // The cross-entropy is convex in the inverse temperature: its slope changes sign once.
        UnivariateFunction slope = log -> slope(Math.exp(log));
        if (!(slope.value(-LARGEST_LOG) < 0 && slope.value(LARGEST_LOG) > 0)) {
            return OptionalDouble.empty();
        }
        double log = new BrentSolver(ACCURACY, ACCURACY).solve(MOST_STEPS, slope, -LARGEST_LOG, LARGEST_LOG, 0);
        return OptionalDouble.of(Math.exp(-log));
    }

    /** Returns d/dβ of Σ cross-entropy(β · logits) = Σ (mean logit under softmax(β · logits) − own). */
    private double slope(double inverse) {
        double slope = 0;
        for (int i = 0; i < labels.length; i++) {
            double[] p = Predictions.softmax(logits[i], 1 / inverse);
            // Differences from the true logit, which keep their digits if all p but one are small.
            for (int c = 0; c < p.length; c++) {
                slope += p[c] * ((double) logits[i][c] - logits[i][labels[i]]);
            }
        }
        return slope;
    }
}
