package org.coop4j.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * Comparison of predicted with true labels, with the measures of the reference's evaluator (Dassl, {@code
 * evaluation/evaluator.py}).
 *
 * @param total number of images
 * @param correct number of images predicted correctly
 * @param classes the classes that occur among the true labels, ascending by label
 * @param confusion the confusion matrix
 */
public record Evaluation(int total, int correct, List<ClassResult> classes, ConfusionMatrix confusion) {
    /**
     * The result of one class.
     *
     * @param label the class
     * @param total number of its images
     * @param correct number of its images predicted correctly
     * @param predicted number of images predicted as this class
     */
    public record ClassResult(int label, int total, int correct, int predicted) {
        /** Returns the percentage of its images predicted correctly (recall). */
        public double accuracy() {
            return 100.0 * correct / total;
        }

        /** Returns the percentage of the images predicted as this class that are of it; not a number if there are none. */
        public double precision() {
            return 100.0 * correct / predicted;
        }

        /** Returns F1 in percent, 2·correct / (total + predicted). */
        public double f1() {
            return 100.0 * (2.0 * correct) / (total + predicted);
        }
    }

    public Evaluation {
        classes = List.copyOf(classes);
    }

    /** Compares predicted with true labels, image by image. */
    public static Evaluation of(int[] truth, int[] predicted) {
        ConfusionMatrix confusion = ConfusionMatrix.of(truth, predicted);
        List<ClassResult> classes = new ArrayList<>();
        int correct = 0;
        for (int i = 0; i < confusion.size(); i++) {
            correct += confusion.count(i, i);
            if (confusion.rowTotal(i) > 0) {
                classes.add(new ClassResult(
                        confusion.labels()[i], confusion.rowTotal(i), confusion.count(i, i), confusion.columnTotal(i)));
            }
        }
        return new Evaluation(truth.length, correct, classes, confusion);
    }

    /** Compares the largest of each row of {@code logits} [images][classes] with true labels. */
    public static Evaluation ofLogits(int[] truth, float[][] logits) {
        return of(truth, Predictions.argmax(logits));
    }

    /** Returns the percentage of images predicted correctly. */
    public double accuracy() {
        return 100.0 * correct / total;
    }

    /** Returns the percentage of images predicted wrongly. */
    public double errorRate() {
        return 100.0 - accuracy();
    }

    /**
     * Returns the mean F1, in percent, of the classes that occur among the true labels, as scikit-learn's {@code
     * f1_score(average="macro", labels=unique(y_true))}.
     */
    public double macroF1() {
        return classes.stream().mapToDouble(ClassResult::f1).average().orElseThrow();
    }
}
