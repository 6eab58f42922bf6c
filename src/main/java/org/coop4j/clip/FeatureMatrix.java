package org.coop4j.clip;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Gemm;

/**
 * Features of images or texts, one row each, in heap memory.
 *
 * <p>Immutable to those who hold it: rows are given out as copies.
 */
public final class FeatureMatrix {

    /** Rows of a block of products: two such and their products stay in the cache. */
    private static final int BLOCK = 128;

    /** Multiplications from which on BLAS is faster. */
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

    /** The values of a learned tensor of two axes, which are not copied. */
    public static FeatureMatrix of(LearnedTensor tensor) {
        long[] shape = tensor.shape();
        return of(Math.toIntExact(shape[0]), Math.toIntExact(shape[1]), tensor.values());
    }

    /** A tensor that is learned and begins as these values. */
    public LearnedTensor learned(String name) {
        return LearnedTensor.of(name, toArray(), rows, width);
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

    /** Rows as columns. */
    public FeatureMatrix transposed() {
        float[] result = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i % width * rows + i / width] = values[i];
        }
        return new FeatureMatrix(width, rows, result);
    }

    /** Each element times a factor, in double precision. */
    public FeatureMatrix times(double factor) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (factor * values[i]);
        }
        return new FeatureMatrix(rows, width, result);
    }

    /** The sum with {@code factor} times a matrix of the same shape, in double precision. */
    public FeatureMatrix plus(FeatureMatrix other, double factor) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (values[i] + factor * other.values[i]);
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

    /**
     * The inner products of all rows with all rows of another matrix, [rows, other rows]: each is
     * that of {@link #dot} to the last bit.
     */
    public FeatureMatrix products(FeatureMatrix other) {
        if (width != other.width) {
            throw new IllegalArgumentException(
                    "expected rows of width %d, got %d".formatted(other.width, width));
        }
        float[] products = new float[Math.multiplyExact(rows, other.rows)];
        if ((double) products.length * width < BLAS_PAYS) {
            for (int i = 0; i < products.length; i++) {
                products[i] = dot(i / other.rows, other, i % other.rows);
            }
        } else {
            double[] lengths = lengths();
            double[] otherLengths = other.lengths();
            int down = (rows + BLOCK - 1) / BLOCK;
            int across = (other.rows + BLOCK - 1) / BLOCK;
            Gemm.singleThreaded(
                    () ->
                            IntStream.range(0, down * across)
                                    .parallel()
                                    .forEach(
                                            b ->
                                                    block(
                                                            b / across * BLOCK,
                                                            lengths,
                                                            other,
                                                            b % across * BLOCK,
                                                            otherLengths,
                                                            products)));
        }
        return new FeatureMatrix(rows, other.rows, products);
    }

    /**
     * A block of the products by BLAS in double precision, which adds in an order of its own. Two
     * orders differ by 2 γ |x| |y| at most, γ = width · 2⁻⁵³ (Higham, Accuracy and Stability of
     * Numerical Algorithms, section 3.1): where that could round to another float, the inner
     * product is computed in order.
     */
    private void block(
            int row,
            double[] lengths,
            FeatureMatrix other,
            int otherRow,
            double[] otherLengths,
            float[] products) {
        int m = Math.min(BLOCK, rows - row);
        int n = Math.min(BLOCK, other.rows - otherRow);
        double[] sums = new double[m * n];
        Gemm.nt(m, n, width, doubles(row, m), other.doubles(otherRow, n), sums);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = sums[i * n + j];
                double error = width * 0x1p-51 * lengths[row + i] * otherLengths[otherRow + j];
                products[(row + i) * other.rows + otherRow + j] =
                        (float) (sum - error) == (float) (sum + error)
                                ? (float) (sum + 0.0) // no -0
                                : dot(row + i, other, otherRow + j);
            }
        }
    }

    private double[] doubles(int first, int count) {
        double[] result = new double[count * width];
        for (int i = 0; i < result.length; i++) {
            result[i] = values[first * width + i];
        }
        return result;
    }

    private double[] lengths() {
        double[] lengths = new double[rows];
        for (int row = 0; row < rows; row++) {
            double square = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                square += (double) values[i] * values[i];
            }
            lengths[row] = Math.sqrt(square);
        }
        return lengths;
    }
}
