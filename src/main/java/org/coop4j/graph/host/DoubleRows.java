package org.coop4j.graph.host;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Rows in double precision in native memory, and BLAS and LAPACK on them and on row-major arrays.
 *
 * <p>Calls run on BLAS' own threads; within {@link Gemm#singleThreaded}, on the calling thread alone.
 */
public final class DoubleRows implements AutoCloseable {

    private final DoublePointer memory;
    private final int width;

    private DoubleRows(DoublePointer memory, int width) {
        this.memory = memory;
        this.width = width;
    }

    /** Returns rows with any content. */
    public static DoubleRows allocate(int rows, int width) {
        return new DoubleRows(new DoublePointer(Math.multiplyExact((long) rows, width)), width);
    }

    /** Returns a copy of {@code count} rows of row-major values, starting at row {@code first}. */
    public static DoubleRows of(float[] values, int width, int first, int count) {
        DoubleRows rows = allocate(count, width);
        double[] row = new double[width];
        for (int i = 0; i < count; i++) {
            int from = (first + i) * width;
            for (int j = 0; j < width; j++) {
                row[j] = values[from + j];
            }
            rows.memory.position((long) i * width).put(row);
        }
        rows.memory.position(0);
        return rows;
    }

    /** Returns a copy of row-major values. */
    public static DoubleRows of(double[] values, int width) {
        DoubleRows rows = allocate(values.length / width, width);
        rows.memory.put(values);
        return rows;
    }

    /** Returns the rows starting at {@code first}, in the memory of these, which must stay open. */
    public DoubleRows from(int first) {
        return new DoubleRows(memory.getPointer((long) first * width), width);
    }

    /** Copies row {@code row} to the target starting at {@code offset}. */
    public void get(int row, double[] target, int offset) {
        memory.getPointer((long) row * width).get(target, offset, width);
    }

    /** Returns a copy of the first rows, row after row. */
    public double[] toArray(int rows) {
        double[] all = new double[rows * width];
        memory.get(all);
        return all;
    }

    /** Copies the source from {@code offset} on to row {@code row}. */
    public void put(int row, double[] source, int offset) {
        memory.getPointer((long) row * width).put(source, offset, width);
    }

    /**
     * Sets rows {@code from} to {@code to} to those of a product: those rows of left times right
     * or its transpose, or columns of left, transposed, times right.
     *
     * @param inner number of terms of a sum
     */
    public void product(Gemm.Form form, int from, int to, DoubleRows left, DoubleRows right, int inner) {
        long first = form == Gemm.Form.TN ? from : (long) from * left.width;
        openblas.cblas_dgemm(
                Gemm.ROW_MAJOR,
                form.a,
                form.b,
                to - from,
                width,
                inner,
                1,
                left.memory.getPointer(first),
                left.width,
                right.memory,
                right.width,
                0,
                memory.getPointer((long) from * width),
                width);
    }

    /**
     * upper += factor · XᵀX, on the diagonal and above it.
     *
     * @param x X, [n, width]; the array may be longer
     * @param upper [width, width]
     */
    public static void addSquares(double factor, double[] x, int n, int width, double[] upper) {
        openblas.cblas_dsyrk(Gemm.ROW_MAJOR, Gemm.UPPER, Gemm.TRANS, width, n, factor, x, width, 1, upper, width);
    }

    /**
     * Solves S X = B.
     *
     * @param upper the symmetric S, [width, width]; only the diagonal and above are read, and it is overwritten
     * @param b B, [width, columns], which becomes X
     * @throws IllegalArgumentException unless S is positive definite
     */
    public static void solve(double[] upper, int width, double[] b) {
        int columns = b.length / width;
        int info = openblas.LAPACKE_dposv(Gemm.ROW_MAJOR, (byte) 'U', width, columns, upper, width, b, columns);
        if (info != 0) {
            throw new IllegalArgumentException(
                    "the matrix of %d rows is not positive definite (row %d)".formatted(width, info));
        }
    }

    /**
     * Returns the right singular vectors of a matrix whose singular values are above rounding, the largest first.
     *
     * @param rows [n, width], which is overwritten
     * @throws IllegalArgumentException if the decomposition does not converge
     */
    public static double[][] rightSingularVectors(double[] rows, int width) {
        int n = rows.length / width;
        int rank = Math.min(n, width);
        double[] values = new double[rank];
        double[] left = new double[n * rank];
        double[] right = new double[rank * width];
        int info = openblas.LAPACKE_dgesdd(
                Gemm.ROW_MAJOR, (byte) 'S', n, width, rows, width, values, left, rank, right, width);
        if (info != 0) {
            throw new IllegalArgumentException(
                    "the singular values of [%d, %d] were not found (%d)".formatted(n, width, info));
        }
        double smallest = Math.max(n, width) * Math.ulp(1.0) * values[0];
        return IntStream.range(0, rank)
                .filter(i -> values[i] > smallest)
                .mapToObj(i -> Arrays.copyOfRange(right, i * width, (i + 1) * width))
                .toArray(double[][]::new);
    }

    @Override
    public void close() {
        memory.close();
    }
}
