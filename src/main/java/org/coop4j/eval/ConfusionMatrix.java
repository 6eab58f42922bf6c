package org.coop4j.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

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
