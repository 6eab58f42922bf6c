package org.coop4j.data;

import java.io.IOException;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;

/**
 * What a file of features says of its rows: their classes, as numbers or one-hot, and the parts of
 * the data that they are in.
 */
record RowLabels(FeatureTensors file) {

    /** As Tip-Adapter keeps the labels of its cache, one-hot, [rows, classes]. */
    private static final String VALUES = "values";

    /**
     * The class of each row, counted from 0.
     *
     * @param classes how many classes have names, or 0 if none has
     * @throws DatasetException if there are none, or one is of no class
     */
    int[] labels(int rows, int classes) throws IOException {
        TensorView tensor = file.tensor(FeatureTensors.LABELS);
        if (tensor == null && file.tensor(VALUES) != null) {
            return oneHot(file.tensor(VALUES), rows, classes);
        }
        if (tensor == null) {
            throw file.problem(
                    file.kind().equals("text")
                            ? "has features of texts and no labels: as --class-features it stands"
                                    + " for a text tower"
                            : "has no labels: expected a tensor labels [images] of integers, or"
                                    + " values [images, classes], got "
                                    + file.specs());
        }
        file.requireShape(tensor, tensor.dtype().isInteger(), Shape.of(rows), "integers");
        long[] values = tensor.longs();
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            labels[i] = label(i, values[i], classes, rows);
        }
        return labels;
    }

    private int label(int row, long value, int classes, int rows) throws DatasetException {
        long most = classes > 0 ? classes : rows; // each class has a row
        if (value < 0 || value >= most) {
            throw file.problem(
                    "label %d of row %d: expected 0 to %d, as there are %d %s"
                            .formatted(
                                    value, row, most - 1, most, classes > 0 ? "classes" : "rows"));
        }
        return (int) value;
    }

    private int[] oneHot(TensorView tensor, int rows, int classes) throws IOException {
        float[][] values = file.matrix(tensor);
        if (values.length != rows || (classes > 0 && values[0].length != classes)) {
            throw file.problem(
                    "values: expected [%d, %s], got %s"
                            .formatted(rows, classes > 0 ? classes : "classes", tensor.shape()));
        }
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            int ones = 0;
            for (int c = 0; c < values[i].length; c++) {
                if (values[i][c] == 1) {
                    labels[i] = c;
                    ones++;
                } else if (values[i][c] != 0) {
                    ones = 2; // no number that a label has
                }
            }
            if (ones != 1) {
                throw file.problem("row " + i + " of values is not one-hot: expected a single 1");
            }
        }
        return labels;
    }

    /** The part of the data that each row is in, or null where nothing says. */
    Split[] splits(int rows) throws IOException {
        TensorView tensor = file.tensor(FeatureTensors.SPLIT);
        if (tensor == null) {
            return null;
        }
        file.requireShape(tensor, tensor.dtype().isInteger(), Shape.of(rows), "integers");
        long[] values = tensor.longs();
        Split[] splits = new Split[rows];
        for (int i = 0; i < rows; i++) {
            int row = i;
            splits[i] =
                    Split.ofCode(values[i])
                            .orElseThrow(
                                    () ->
                                            file.problem(
                                                    "split %d of row %d: expected 0 (train), 1 (val) or 2 (test)"
                                                            .formatted(values[row], row)));
        }
        return splits;
    }
}
