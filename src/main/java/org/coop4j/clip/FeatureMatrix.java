package org.coop4j.clip;

import java.util.Arrays;

/**
 * Features of images or texts, one row each, in heap memory.
 *
 * <p>Immutable to those who hold it: rows are given out as copies.
 */
public final class FeatureMatrix {

    private final int rows;
    private final int width;
    private final float[] values;

    private FeatureMatrix(int rows, int width, float[] values) {
        this.rows = rows;
        this.width = width;
        this.values = values;
    }

    /**
     * The matrix whose row-major elements are {@code values}, which is not copied.
     *
     * @throws IllegalArgumentException unless there are rows · width values
     */
    public static FeatureMatrix of(int rows, int width, float[] values) {
        if (values.length != Math.multiplyExact(rows, width)) {
            throw new IllegalArgumentException(
                    values.length + " values for " + rows + " rows of " + width);
        }
        return new FeatureMatrix(rows, width, values);
    }

    /** Number of images or texts. */
    public int rows() {
        return rows;
    }

    /** Width of a feature, the model's embed dimension. */
    public int width() {
        return width;
    }

    /** A copy of row {@code row}. */
    public float[] row(int row) {
        return Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }

    /** The element at {@code (row, column)}. */
    public float get(int row, int column) {
        return values[row * width + column];
    }

    /** A copy of all rows. */
    public float[][] toRows() {
        float[][] result = new float[rows][];
        Arrays.setAll(result, this::row);
        return result;
    }

    /** A copy of all elements, row after row. */
    public float[] toArray() {
        return values.clone();
    }

    /** Copies row {@code row} to {@code target} from {@code offset} on. */
    public void copyRow(int row, float[] target, int offset) {
        System.arraycopy(values, row * width, target, offset, width);
    }

    /** The matrix of the given rows of this one, in their order. */
    public FeatureMatrix rows(int[] chosen) {
        float[] result = new float[Math.multiplyExact(chosen.length, width)];
        for (int i = 0; i < chosen.length; i++) {
            copyRow(chosen[i], result, i * width);
        }
        return new FeatureMatrix(chosen.length, width, result);
    }

    /** Each row divided by its Euclidean norm, summed in double precision. */
    public FeatureMatrix normalized() {
        float[] result = new float[values.length];
        for (int r = 0; r < rows; r++) {
            double square = 0;
            for (int i = r * width; i < (r + 1) * width; i++) {
                square += (double) values[i] * values[i];
            }
            double inverse = 1 / Math.sqrt(square);
            for (int i = r * width; i < (r + 1) * width; i++) {
                result[i] = (float) (values[i] * inverse);
            }
        }
        return new FeatureMatrix(rows, width, result);
    }

    /** The inner product of row {@code row} with row {@code otherRow} of {@code other}. */
    public float dot(int row, FeatureMatrix other, int otherRow) {
        double sum = 0;
        int a = row * width;
        int b = otherRow * width;
        for (int i = 0; i < width; i++) {
            sum += (double) values[a + i] * other.values[b + i];
        }
        return (float) sum;
    }
}
