package org.coop4j.graph.op;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * An elementwise function of matrices of one shape, row by row on heap copies.
 *
 * <p>The copy costs little (a row stays in the first-level cache) and lets the JIT compiler use
 * vector instructions, which it does for heap arrays alone.
 */
public final class RowwiseKernel {

    /**
     * Turns {@code rows[0]} into the result; {@code n} elements, at most {@link #PIECE}. The other
     * rows are its to change.
     */
    @FunctionalInterface
    public interface RowFunction {
        void apply(float[][] rows, int n);
    }

    /** Long rows are cut, so that the copies of a piece stay in the first-level cache. */
    public static final int PIECE = 2048;

    private RowwiseKernel() {}

    /**
     * Makes the kernel.
     *
     * @param functions makes one function for each worker, which may hold memory of its own
     */
    public static HostKernel of(HostMatrix[] in, HostMatrix out, Workers workers, Supplier<RowFunction> functions) {
        int length = Math.multiplyExact(out.rows(), out.cols());
        int pieces = (length + PIECE - 1) / PIECE;
        RowFunction[] function = new RowFunction[workers.count()];
        Arrays.setAll(function, part -> functions.get());
        float[][][] scratch = new float[workers.count()][in.length][PIECE];
        Workers.RowRange range = (part, from, to) -> {
            float[][] rows = scratch[part];
            for (int piece = from; piece < to; piece++) {
                int offset = piece * PIECE;
                int n = Math.min(PIECE, length - offset);
                for (int i = 0; i < in.length; i++) {
                    in[i].buffer().get(offset, rows[i], 0, n);
                }
                function[part].apply(rows, n);
                out.buffer().put(offset, rows[0], 0, n);
            }
        };
        return () -> workers.rows(pieces, range);
    }

    /**
     * Calls a function for each row, the rows split among workers.
     *
     * @param functions makes one function for each worker, which may hold memory of its own
     */
    public static HostKernel eachRow(int rows, Workers workers, Supplier<IntConsumer> functions) {
        IntConsumer[] function = new IntConsumer[workers.count()];
        Arrays.setAll(function, part -> functions.get());
        Workers.RowRange range = (part, from, to) -> {
            for (int row = from; row < to; row++) {
                function[part].accept(row);
            }
        };
        return () -> workers.rows(rows, range);
    }
}
