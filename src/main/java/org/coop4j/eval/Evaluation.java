package org.coop4j.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * The result of comparing predicted with true labels, as the reference's evaluator reports it
 * (Dassl, {@code evaluation/evaluator.py}).
 *
 * @param total images
 * @param correct images predicted right
 * @param classes the classes that occur among the true labels, ascending by label
 * @param confusion all pairs of true and predicted labels
 */
public record Evaluation(int total, int correct, List<ClassResult> classes, ConfusionMatrix confusion) {
    /**
     * The result on one class.
     *
     * @param label the class
     * @param total images that show it
     * @param correct images that show it and were predicted as it
     * @param predicted images that were predicted as it
     */
    public record ClassResult(int label, int total, int correct, int predicted) {
        /** Returns the percentage of its images predicted as it (its recall). */
        public double accuracy() {
            return percent(correct, total);
        }

        /** Returns F1 in percent, 2·correct / (total + predicted). */
        public double f1() {
            return percent(2.0 * correct, total + predicted);
        }

        private static double percent(double part, int whole) {
            return whole == 0 ? 0 : 100.0 * part / whole;
        }
    }

    /** Copies the list. */
    public Evaluation {
        classes = List.copyOf(classes);
    }

    /** Compares predicted with true labels, image by image. */
    public static Evaluation of(int[] truth, int[] predicted) {
        ConfusionMatrix confusion = ConfusionMatrix.of(truth, predicted);
        int[] labels = confusion.labels();
        List<ClassResult> classes = new ArrayList<>();
        int correct = 0;
        for (int i = 0; i < labels.length; i++) {
            correct += confusion.count(i, i);
            if (confusion.rowTotal(i) > 0) {
                classes.add(new ClassResult(
                        labels[i], confusion.rowTotal(i), confusion.count(i, i), confusion.columnTotal(i)));
            }
        }
        return new Evaluation(truth.length, correct, classes, confusion);
    }

    /** Compares the largest of each row of {@code logits} [images][classes] with true labels. */
    public static Evaluation ofLogits(int[] truth, float[][] logits) {
        return of(truth, Predictions.argmax(logits));
    }

    /** Returns the percentage of images predicted right. */
    public double accuracy() {
        return 100.0 * correct / total;
    }

    /** Returns the percentage of images predicted wrong. */
    public double errorRate() {
        return 100.0 - accuracy();
    }

    /**
     * Returns the mean F1, in percent, of the classes that occur among the true labels, as
     * scikit-learn's {@code f1_score(average="macro", labels=unique(y_true))}.
     */
    public double macroF1() {
        return classes.stream().mapToDouble(ClassResult::f1).average().orElseThrow();
    }
}
