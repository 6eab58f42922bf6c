package org.coop4j.run;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.ClassResult;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Predictions;

/** Test images scored against class weights: logits, labels and what follows from them. */
public final class Scores {

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
        return Calibration.ofLogits(labels, logits).expectedError();
    }

    /** The results of each class that has images. */
    static List<RunResult.PerClass> perClass(Evaluation evaluation, List<String> names) {
        List<RunResult.PerClass> result = new ArrayList<>();
        for (ClassResult c : evaluation.classes()) {
            result.add(new RunResult.PerClass(names.get(c.label()), c.total(), c.correct()));
        }
        return result;
    }
}
