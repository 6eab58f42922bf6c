package org.coop4j.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How often each true label was predicted as each label: row the truth, column the prediction, both
 * over the sorted union of the labels that occur.
 */
public final class ConfusionMatrix {
    private final int[] labels;
    private final int[][] counts;

    private ConfusionMatrix(int[] labels, int[][] counts) {
        this.labels = labels;
        this.counts = counts;
    }

    /**
     * Counts pairs of labels.
     *
     * @throws IllegalArgumentException if the arrays differ in length or are empty
     */
    public static ConfusionMatrix of(int[] truth, int[] predicted) {
        if (truth.length != predicted.length || truth.length == 0) {
            throw new IllegalArgumentException("%d true and %d predicted labels: give as many of each, and at least one"
                    .formatted(truth.length, predicted.length));
        }
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

    /** Returns the label of each row and column, ascending. */
    public int[] labels() {
        return labels.clone();
    }

    /** Returns how many rows and columns there are. */
    public int size() {
        return labels.length;
    }

    /** Returns how often the label of a row was predicted as the label of a column. */
    public int count(int row, int column) {
        return counts[row][column];
    }

    /** Returns how many images have the label of a row. */
    public int rowTotal(int row) {
        return Arrays.stream(counts[row]).sum();
    }

    /** Returns how many images were predicted as the label of a column. */
    public int columnTotal(int column) {
        return Arrays.stream(counts).mapToInt(row -> row[column]).sum();
    }

    /** Returns the counts divided by their row's total; a row without images is all zero. */
    public double[][] normalised() {
        double[][] shares = new double[size()][size()];
        for (int row = 0; row < size(); row++) {
            int total = rowTotal(row);
            for (int column = 0; column < size() && total > 0; column++) {
                shares[row][column] = (double) counts[row][column] / total;
            }
        }
        return shares;
    }
}
