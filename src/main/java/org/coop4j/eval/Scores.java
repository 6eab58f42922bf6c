package org.coop4j.eval;

import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.eval.Calibration.Temperature;

/**
 * The logits of labelled images, and what follows from them.
 *
 * @param labels label of each image
 * @param logits [images][classes]; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Scores(int[] labels, float[][] logits) {

    /** The scores of no images. */
    public static final Scores NONE = new Scores(new int[0], new float[0][]);

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

    /** Returns the same predictions with probabilities at a temperature. */
    public Scores at(double temperature) {
        return new Scores(labels, Temperature.scale(logits, temperature));
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
        return Evaluation.ofLogits(labels, logits);
    }

    /** Returns the expected calibration error, 0 to 1. */
    public double calibrationError() {
        return Calibration.ofLogits(labels, logits, Calibration.USUAL_BINS).expectedError();
    }

    /** For each threshold of the probability, counts the answers at or above it, and how many of them are correct. */
    public Coverage coverage() {
        double[] confidence = IntStream.range(0, labels.length)
                .mapToDouble(i -> probabilities(i)[Predictions.argmax(logits[i])])
                .toArray();
        return Coverage.of(confidence, correct());
    }

    /** Returns the percentage of images of other classes that a score accepts as one of the classes. */
    public double falsePositives(OpenSet score) {
        return score.falsePositives(labels, logits);
    }

    /** Returns the temperature that calibrates these logits, if it can be determined from the images. */
    public OptionalDouble temperature() {
        return Temperature.fit(labels, logits);
    }
}
