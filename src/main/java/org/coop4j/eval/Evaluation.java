package org.coop4j.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

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

    /**
     * Number of images with each pair of labels: rows are true labels, columns predicted ones.
     *
     * @param labels label of each row and column: those that occur, ascending
     * @param counts [true label][predicted label]
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record ConfusionMatrix(int[] labels, int[][] counts) {

        /**
         * Counts pairs of labels.
         *
         * @throws IllegalArgumentException if the arrays differ in length or are empty
         */
        public static ConfusionMatrix of(int[] truth, int[] predicted) {
            Predictions.requireAsMany(truth.length, "true labels", predicted.length, "predicted ones");
            int[] labels = IntStream.concat(Arrays.stream(truth), Arrays.stream(predicted))
                    .sorted()
                    .distinct()
                    .toArray();
            int[][] counts = new int[labels.length][labels.length];
            for (int i = 0; i < truth.length; i++) {
                counts[Arrays.binarySearch(labels, truth[i])][Arrays.binarySearch(labels, predicted[i])]++;
            }
            return new ConfusionMatrix(labels, counts);
        }

        /** Returns the number of rows and of columns. */
        public int size() {
            return labels.length;
        }

        public int count(int row, int column) {
            return counts[row][column];
        }

        /** Returns the number of images with the true label of a row. */
        public int rowTotal(int row) {
            return Arrays.stream(counts[row]).sum();
        }

        /** Returns the number of images predicted as the label of a column. */
        public int columnTotal(int column) {
            return Arrays.stream(counts).mapToInt(row -> row[column]).sum();
        }

        /** Returns the counts divided by their row's total; a row without images is zero. */
        public double[][] normalised() {
            double[][] shares = new double[size()][size()];
            for (int row = 0; row < size(); row++) {
                int total = Math.max(1, rowTotal(row));
                for (int column = 0; column < size(); column++) {
                    shares[row][column] = (double) counts[row][column] / total;
                }
            }
            return shares;
        }
    }
}
