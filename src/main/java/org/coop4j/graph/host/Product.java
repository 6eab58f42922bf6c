package org.coop4j.graph.host;

import java.util.function.IntConsumer;
import org.bytedeco.javacpp.FloatPointer;
import org.coop4j.graph.host.Gemm.Form;

/**
 * A matrix product bound to its matrices and split among workers.
 *
 * <p>Each worker computes a band of rows of the result, or a band of columns if there are few rows, with a
 * single-threaded BLAS call. A bias is written into the band first and the product added to it, so that the result is
 * touched while it is in the cache.
 */
public final class Product {

    /** With fewer rows per worker, the columns are split. */
    private static final int MIN_ROWS = 8;

    private Product() {}

    /** The part of the result that one worker computes, with its pointers. */
    private record Band(int row, int rows, int col, int cols, FloatPointer a, FloatPointer b, FloatPointer c) {}

    /**
     * Plans C = op(A) · op(B) + bias.
     *
     * @param bias [1, columns of C], added to every row; null for none
     */
    public static HostKernel kernel(
            Form form, HostMatrix a, HostMatrix b, HostMatrix bias, HostMatrix c, Workers workers) {
        requireFit(form, a, b, c);
        int inner = form == Form.TN ? a.rows() : a.cols();
        float beta = bias == null ? 0f : 1f;
        float[] biasRow = new float[c.cols()];
        Band[] bands = bands(form, a, b, c, workers.count());
        IntConsumer share = part -> {
            Band band = bands[part];
            if (band == null) {
                return;
            }
            if (bias != null) {
                for (int row = band.row; row < band.row + band.rows; row++) {
                    c.buffer().put(row * c.cols() + band.col, biasRow, band.col, band.cols);
                }
            }
            Gemm.multiply(
                    form, band.rows, band.cols, inner, band.a, a.cols(), band.b, b.cols(), beta, band.c, c.cols());
        };
        return () -> {
            if (bias != null) {
                bias.getRow(0, biasRow);
            }
            workers.run(share);
        };
    }

    /** Checks the sizes of C = op(A) · op(B). */
    static void requireFit(Form form, HostMatrix a, HostMatrix b, HostMatrix c) {
        int rows = form == Form.TN ? a.cols() : a.rows();
        int inner = form == Form.TN ? a.rows() : a.cols();
        int cols = form == Form.NT ? b.rows() : b.cols();
        int innerOfB = form == Form.NT ? b.cols() : b.rows();
        if (c.rows() != rows || c.cols() != cols || innerOfB != inner) {
            throw new IllegalArgumentException(String.format(
                    "%s product of [%d, %d] and [%d, %d] into [%d, %d]",
                    form, a.rows(), a.cols(), b.rows(), b.cols(), c.rows(), c.cols()));
        }
    }

    private static Band[] bands(Form form, HostMatrix a, HostMatrix b, HostMatrix c, int parts) {
        boolean byRows = c.rows() >= MIN_ROWS * parts || c.rows() >= c.cols();
        Band[] result = new Band[parts];
        for (int part = 0; part < parts; part++) {
            int length = byRows ? c.rows() : c.cols();
            int from = Workers.start(length, part, parts);
            int to = Workers.start(length, part + 1, parts);
            if (from == to) {
                continue;
            }
            int row = byRows ? from : 0;
            int col = byRows ? 0 : from;
            result[part] = new Band(
                    row,
                    byRows ? to - from : c.rows(),
                    col,
                    byRows ? c.cols() : to - from,
                    form == Form.TN ? a.pointer(0, row) : a.pointer(row, 0),
                    form == Form.NT ? b.pointer(col, 0) : b.pointer(0, col),
                    c.pointer(row, col));
        }
        return result;
    }
}
