package org.coop4j.run;

import java.util.Arrays;
import java.util.OptionalDouble;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.Coverage;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.OpenSet;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Temperature;

/** Test images scored against class weights: logits, labels and what follows from them. */
public final class Scores {

    /** Of no images. */
    static final Scores NONE = new Scores(new int[0], new float[0][]);

    private final int[] labels;
    private final float[][] logits;

    private Scores(int[] labels, float[][] logits) {
        this.labels = labels;
        this.logits = logits;
    }

    /**
     * Scores of any classifier.
     *
     * @param labels the class of each image
     * @param logits [images][classes]
     */
    public static Scores of(int[] labels, float[][] logits) {
        return new Scores(labels, logits);
    }

    /** These images and further ones of the same classes. */
    public Scores and(Scores others) {
        int[] allLabels = Arrays.copyOf(labels, labels.length + others.labels.length);
        System.arraycopy(others.labels, 0, allLabels, labels.length, others.labels.length);
        float[][] allLogits = Arrays.copyOf(logits, allLabels.length);
        System.arraycopy(others.logits, 0, allLogits, logits.length, others.logits.length);
        return new Scores(allLabels, allLogits);
    }

    /** Number of images. */
    public int size() {
        return labels.length;
    }

    /** The logits of an image; not to be changed. */
    public float[] logits(int image) {
        return logits[image];
    }

    /** Whether each image is classified rightly. */
    public boolean[] correct() {
        boolean[] correct = new boolean[labels.length];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = Predictions.argmax(logits[i]) == labels[i];
        }
        return correct;
    }

    /** How many images are classified rightly. */
    public int right() {
        int right = 0;
        for (boolean one : correct()) {
            right += one ? 1 : 0;
        }
        return right;
    }

    /** Percentage of images that are classified rightly; not a number if there are none. */
    public double accuracy() {
        return 100.0 * right() / labels.length;
    }

    /** The same predictions with probabilities at a temperature. */
    public Scores at(double temperature) {
        return new Scores(labels, Temperature.scale(logits, temperature));
    }

    /** The predicted label of each image; of equal logits the smallest label wins. */
    public int[] predictions() {
        return Predictions.argmax(logits);
    }

    /** The probabilities of an image's classes. */
    public double[] probabilities(int image) {
        return Predictions.softmax(logits[image]);
    }

    /** Accuracy, F1 and the confusion matrix. */
    public Evaluation evaluation() {
        return Evaluation.ofLogits(labels, logits);
    }

    /** Expected calibration error, 0 to 1. */
    public double calibrationError() {
        return calibration().expectedError();
    }

    /** Accuracy over confidence. */
    public Calibration calibration() {
        return Calibration.ofLogits(labels, logits, Calibration.USUAL_BINS);
    }

    /** How many images are answered above a confidence, and how many of those rightly. */
    public Coverage coverage() {
        double[] confidence = new double[labels.length];
        for (int i = 0; i < confidence.length; i++) {
            confidence[i] = probabilities(i)[Predictions.argmax(logits[i])];
        }
        return Coverage.of(confidence, correct());
    }

    /** How often a score takes pictures of none of the classes for one, in percent. */
    public double falsePositives(OpenSet score) {
        return score.falsePositives(labels, logits);
    }

    /** The temperature that calibrates these logits, if the images tell one. */
    public OptionalDouble temperature() {
        return Temperature.fit(labels, logits);
    }
}
