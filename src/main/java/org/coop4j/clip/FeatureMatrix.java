package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.base.Require;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;

/** Features of images or texts, one row each, in heap memory; immutable, as rows are given out as copies. */
public final class FeatureMatrix {

    /** Rows of a block of products, computed by one thread. */
    private static final int BLOCK = 128;

    /** Rows of the other matrix that are in double precision at once. */
    private static final int PANEL = 1024;

    /** Least number of multiplications that BLAS does faster. */
    private static final double BLAS_PAYS = 1 << 20;

    private final int rows;
    private final int width;
    private final float[] values;

    private FeatureMatrix(int rows, int width, float[] values) {
        this.rows = rows;
        this.width = width;
        this.values = values;
    }

    /**
     * Returns the matrix whose row-major elements are {@code values}, which is not copied.
     *
     * @throws IllegalArgumentException unless there are rows · width values
     */
    public static FeatureMatrix of(int rows, int width, float[] values) {
        Require.that(
                values.length == Math.multiplyExact(rows, width),
                "expected %d rows of %d values, got %d values",
                rows,
                width,
                values.length);
        return new FeatureMatrix(rows, width, values);
    }

    /** Returns the matrix of some rows of a width. */
    public static FeatureMatrix of(List<float[]> rows, int width) {
        FloatBuffer values = FloatBuffer.allocate(Math.multiplyExact(rows.size(), width));
        rows.forEach(values::put);
        return of(rows.size(), width, values.array());
    }

    /**
     * Returns a copy of rows.
     *
     * @throws IllegalArgumentException if there are none, or their widths differ
     */
    public static FeatureMatrix of(float[][] rows) {
        int width = rows.length == 0 ? 0 : rows[0].length;
        for (float[] row : rows) {
            Require.that(row.length == width, "features: expected rows of width %d, got %d", width, row.length);
        }
        Require.that(width != 0, "features: expected 1 row or more, of 1 number or more, got none");
        return of(List.of(rows), width);
    }

    /** Returns the values of a learned tensor of two axes, which are not copied. */
    public static FeatureMatrix of(LearnedTensor tensor) {
        long[] shape = tensor.shape();
        return of(Math.toIntExact(shape[0]), Math.toIntExact(shape[1]), tensor.values());
    }

    /** Returns a learned tensor that starts as these values. */
    public LearnedTensor learned(String name) {
        return LearnedTensor.of(name, toArray(), rows, width);
    }

    /** Returns the number of images or texts. */
    public int rows() {
        return rows;
    }

    /** Returns the width of a feature, the model's embed dimension. */
    public int width() {
        return width;
    }

    /** Returns a copy of row {@code row}. */
    public float[] row(int row) {
        return Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }

    /** Returns the element at {@code (row, column)}. */
    public float get(int row, int column) {
        return values[row * width + column];
    }

    /** Returns a copy of all rows. */
    public float[][] toRows() {
        float[][] result = new float[rows][];
        Arrays.parallelSetAll(result, this::row);
        return result;
    }

    /** Returns a copy of all elements, row after row. */
    public float[] toArray() {
        return values.clone();
    }

    /** Copies row {@code row} to {@code target} starting at {@code offset}. */
    public void copyRow(int row, float[] target, int offset) {
        System.arraycopy(values, row * width, target, offset, width);
    }

    /** Returns the matrix of the given rows of this one, in their order. */
    public FeatureMatrix rows(int[] chosen) {
        float[] result = Heap.floats(chosen.length, width);
        for (int i = 0; i < chosen.length; i++) {
            copyRow(chosen[i], result, i * width);
        }
        return new FeatureMatrix(chosen.length, width, result);
    }

    /** Returns each row divided by its Euclidean norm, summed in double precision. */
    public FeatureMatrix normalized() {
        float[] result = Heap.floats(rows, width);
        IntStream.range(0, rows).parallel().forEach(row -> {
            double inverse = 1 / length(row);
            for (int i = row * width; i < (row + 1) * width; i++) {
                result[i] = (float) (values[i] * inverse);
            }
        });
        return new FeatureMatrix(rows, width, result);
    }

    /** Returns features divided by their Euclidean norm. */
    public static float[] unit(float[] features) {
        return of(1, features.length, features).normalized().row(0);
    }

    /** Returns the matrix with rows as columns. */
    public FeatureMatrix transposed() {
        float[] result = Heap.floats(rows, width);
        for (int i = 0; i < values.length; i++) {
            result[i % width * rows + i / width] = values[i];
        }
        return new FeatureMatrix(width, rows, result);
    }

    /** Returns each element times a factor, in double precision. */
    public FeatureMatrix times(double factor) {
        float[] result = Heap.floats(rows, width);
        IntStream.range(0, rows).parallel().forEach(row -> {
            for (int i = row * width; i < (row + 1) * width; i++) {
                result[i] = (float) (factor * values[i]);
            }
        });
        return new FeatureMatrix(rows, width, result);
    }

    /** Returns the sum with {@code factor} times a matrix of the same shape, in double precision. */
    public FeatureMatrix plus(FeatureMatrix other, double factor) {
        float[] result = Heap.floats(rows, width);
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (values[i] + factor * other.values[i]);
        }
        return new FeatureMatrix(rows, width, result);
    }

    /** Returns the inner product of row {@code row} with row {@code otherRow} of {@code other}. */
    public float dot(int row, FeatureMatrix other, int otherRow) {
        double sum = 0;
        int a = row * width;
        int b = otherRow * width;
        for (int i = 0; i < width; i++) {
            sum += (double) values[a + i] * other.values[b + i];
        }
        return (float) sum;
    }

    /**
     * Returns the inner products of all rows with all rows of another matrix, [rows, other rows], each equal to {@link
     * #dot} to the last bit.
     */
    public FeatureMatrix products(FeatureMatrix other) {
        Require.that(width == other.width, "expected rows of width %d, got %d", other.width, width);
        float[] products = Heap.floats(rows, other.rows);
        if ((double) products.length * width < BLAS_PAYS) {
            for (int i = 0; i < products.length; i++) {
                products[i] = dot(i / other.rows, other, i % other.rows);
            }
        } else {
            double[] lengths = lengths();
            double[] otherLengths = other.lengths();
            Gemm.singleThreaded(() -> {
                for (int from = 0; from < other.rows; from += PANEL) {
                    panel(lengths, other, from, otherLengths, products);
                }
            });
        }
        return new FeatureMatrix(rows, other.rows, products);
    }

    /** The products with up to {@link #PANEL} rows of the other matrix. */
    private void panel(double[] lengths, FeatureMatrix other, int otherFrom, double[] otherLengths, float[] products) {
        int n = Math.min(PANEL, other.rows - otherFrom);
        try (DoubleRows panel = DoubleRows.of(other.values, width, otherFrom, n)) {
            IntStream.range(0, (rows + BLOCK - 1) / BLOCK)
                    .parallel()
                    .map(block -> block * BLOCK)
                    .forEach(from -> {
                        int m = Math.min(BLOCK, rows - from);
                        double[] row = new double[n];
                        try (DoubleRows block = DoubleRows.of(values, width, from, m);
                                DoubleRows sums = DoubleRows.allocate(m, n)) {
                            sums.product(Gemm.Form.NT, 0, m, block, panel, width);
                            for (int i = from; i < from + m; i++) {
                                sums.get(i - from, row, 0);
                                double bound = width * 0x1p-51 * lengths[i];
                                for (int j = otherFrom; j < otherFrom + n; j++) {
                                    products[i * other.rows + j] =
                                            rounded(row[j - otherFrom], bound * otherLengths[j], i, other, j);
                                }
                            }
                        }
                    });
        }
    }

    /**
     * Rounds an inner product by BLAS in double precision, which adds in an order of its own. Two orders differ by at
     * most 2 γ |x| |y|, γ = width · 2⁻⁵³ (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). If that
     * could round to another float, the inner product is computed in order.
     *
     * @param error the largest difference between two orders
     */
    private float rounded(double sum, double error, int row, FeatureMatrix other, int otherRow) {
        return (float) (sum - error) == (float) (sum + error)
                ? (float) (sum + 0.0) // no -0
                : dot(row, other, otherRow);
    }

    private double[] lengths() {
        return IntStream.range(0, rows).parallel().mapToDouble(this::length).toArray();
    }

    private double length(int row) {
        double square = 0;
        for (int i = row * width; i < (row + 1) * width; i++) {
            square += (double) values[i] * values[i];
        }
        return Math.sqrt(square);
    }
}
