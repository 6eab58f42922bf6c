package org.coop4j.graph.op;

import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * An elementwise function of matrices of one shape, row by row on heap copies.
 *
 * <p>The copy costs little (a row stays in the first-level cache) and lets the JIT compiler use
 * vector instructions, which it does for heap arrays alone.
 */
final class RowwiseKernel {

    /** Turns {@code rows[0]} into the result, reading the others; {@code n} elements. */
    @FunctionalInterface
    interface RowFunction {
        void apply(float[][] rows, int n);
    }

    /** Long rows are cut, so that the copies of a piece stay in the first-level cache. */
    private static final int PIECE = 2048;

    private RowwiseKernel() {}

    static HostKernel of(HostMatrix[] in, HostMatrix out, Workers workers, RowFunction function) {
        int length = Math.multiplyExact(out.rows(), out.cols());
        int pieces = (length + PIECE - 1) / PIECE;
        float[][][] scratch = new float[workers.count()][in.length][PIECE];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[][] rows = scratch[part];
                    for (int piece = from; piece < to; piece++) {
                        int offset = piece * PIECE;
                        int n = Math.min(PIECE, length - offset);
                        for (int i = 0; i < in.length; i++) {
                            in[i].buffer().get(offset, rows[i], 0, n);
                        }
                        function.apply(rows, n);
                        out.buffer().put(offset, rows[0], 0, n);
                    }
                };
        return () -> workers.rows(pieces, range);
    }
}
