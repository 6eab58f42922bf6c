package org.coop4j.graph.host;

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

    /** Returns a copy of {@code count} rows of row-major values, from row {@code first} on. */
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

    /** Copies row {@code row} to the target from {@code offset} on. */
    public void get(int row, double[] target, int offset) {
        memory.getPointer((long) row * width).get(target, offset, width);
    }

    /** Copies the source from {@code offset} on to row {@code row}. */
    public void put(int row, double[] source, int offset) {
        memory.getPointer((long) row * width).put(source, offset, width);
    }

    /** Sets the first rows to left · rightᵀ: the inner products of {@code m} rows with {@code n}. */
    public void products(DoubleRows left, int m, DoubleRows right, int n) {
        int k = left.width;
        multiply(Gemm.NO_TRANS, Gemm.TRANS, m, n, k, left.memory, k, right.memory, k, memory);
    }

    /** Sets rows {@code from} to {@code to} to those of left · right. */
    public void productRows(int from, int to, DoubleRows left, DoubleRows right) {
        int k = left.width;
        multiply(
                Gemm.NO_TRANS,
                Gemm.NO_TRANS,
                to - from,
                width,
                k,
                left.memory.getPointer((long) from * k),
                k,
                right.memory,
                width,
                memory.getPointer((long) from * width));
    }

    /** Sets rows {@code from} to {@code to} to those of leftᵀ · right, sums over {@code k} rows. */
    public void transposedProductRows(int from, int to, DoubleRows left, DoubleRows right, int k) {
        multiply(
                Gemm.TRANS,
                Gemm.NO_TRANS,
                to - from,
                width,
                k,
                left.memory.getPointer(from),
                left.width,
                right.memory,
                width,
                memory.getPointer((long) from * width));
    }

    private void multiply(
            int transA,
            int transB,
            int m,
            int n,
            int k,
            DoublePointer a,
            int lda,
            DoublePointer b,
            int ldb,
            DoublePointer c) {
        openblas.cblas_dgemm(Gemm.ROW_MAJOR, transA, transB, m, n, k, 1, a, lda, b, ldb, 0, c, width);
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
     * @param upper the symmetric S, [width, width], of which only the diagonal and above are read; overwritten
     * @param b B, [width, columns], which becomes X
     * @throws ArithmeticException unless S is positive definite
     */
    public static void solve(double[] upper, int width, double[] b) {
        int columns = b.length / width;
        int info = openblas.LAPACKE_dposv(Gemm.ROW_MAJOR, (byte) 'U', width, columns, upper, width, b, columns);
        if (info != 0) {
            throw new ArithmeticException(
                    "the matrix of %d rows is not positive definite (row %d)".formatted(width, info));
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
