package org.coop4j.experiment;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.ClassResult;
import org.coop4j.eval.Evaluation;

/** Test images scored against class weights: logits, labels and what follows from them. */
public final class Scores {

    private final int[] labels;
    private final float[][] logits;

    private Scores(int[] labels, float[][] logits) {
        this.labels = labels;
        this.logits = logits;
    }

    /**
     * logits = scale · cosine of each image with each class.
     *
     * @param weights normalised class weights, one row a class
     * @param scale exp(logit_scale)
     */
    public static Scores of(BankedImages images, FeatureMatrix weights, float scale) {
        int[] labels = new int[images.size()];
        float[][] logits = new float[images.size()][weights.rows()];
        float[] row = new float[images.width()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = images.image(i).label();
            images.copyNormalized(i, 0, row, 0);
            FeatureMatrix image = FeatureMatrix.of(1, row.length, row);
            for (int c = 0; c < weights.rows(); c++) {
                logits[i][c] = scale * image.dot(0, weights, c);
            }
        }
        return new Scores(labels, logits);
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
