package org.coop4j.graph.host;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Rows of double precision in native memory, and BLAS and LAPACK on them and on row-major arrays.
 *
 * <p>Calls run on as many threads as BLAS is set to; within {@link Gemm#singleThreaded} on the
 * calling thread alone.
 */
public final class DoubleRows implements AutoCloseable {

    private final DoublePointer memory;
    private final int width;

    private DoubleRows(DoublePointer memory, int width) {
        this.memory = memory;
        this.width = width;
    }

    /** Rows with any content. */
    public static DoubleRows allocate(int rows, int width) {
        return new DoubleRows(new DoublePointer(Math.multiplyExact((long) rows, width)), width);
    }

    /** A copy of {@code count} rows of row-major values, from row {@code first} on. */
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

    /** Copies row {@code row} to {@code target}, whose length is the row's. */
    public void get(int row, double[] target) {
        memory.getPointer((long) row * width).get(target);
    }

    /** Becomes left · rightᵀ: the inner products of {@code m} rows with {@code n} rows. */
    public void products(DoubleRows left, int m, DoubleRows right, int n) {
        openblas.cblas_dgemm(
                Gemm.ROW_MAJOR,
                Gemm.NO_TRANS,
                Gemm.TRANS,
                m,
                n,
                left.width,
                1,
                left.memory,
                left.width,
                right.memory,
                right.width,
                0,
                memory,
                width);
    }

    /**
     * upper += factor · XᵀX, on the diagonal and above it.
     *
     * @param x X, [n, width], and what may come behind it
     * @param upper [width, width]
     */
    public static void addSquares(double factor, double[] x, int n, int width, double[] upper) {
        openblas.cblas_dsyrk(
                Gemm.ROW_MAJOR,
                Gemm.UPPER,
                Gemm.TRANS,
                width,
                n,
                factor,
                x,
                width,
                1,
                upper,
                width);
    }

    /**
     * Solves S X = B.
     *
     * @param upper the symmetric S, [width, width], of which the diagonal and what is above it are
     *     read; overwritten
     * @param b B, [width, columns], which becomes X
     * @throws ArithmeticException unless S is positive definite
     */
    public static void solve(double[] upper, int width, double[] b) {
        int columns = b.length / width;
        int info =
                openblas.LAPACKE_dposv(
                        Gemm.ROW_MAJOR, (byte) 'U', width, columns, upper, width, b, columns);
        if (info != 0) {
            throw new ArithmeticException(
                    "the matrix of %d rows is not positive definite (row %d)"
                            .formatted(width, info));
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
