package org.coop4j.graph;

import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Gemm.Form;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Workers;

/**
 * y = function(x · W + bias) + residual by oneDNN, with the factors rounded to bfloat16 and the sums in float32, split
 * among workers.
 *
 * <p>The weights are frozen: they are rounded and packed once, when the product is made, for all products of the
 * workers that want them in the same layout. A worker rounds its rows of x into its own scratch memory just before it
 * multiplies them, unless they are bfloat16 already.
 */
final class Bfloat16Product {

    private Bfloat16Product() {}

    /**
     * Plans y = function(x · w + bias) + residual, and rounds and packs the weights.
     *
     * @param form NT for w [cols, inner], NN for w [inner, cols]
     * @param x [rows, inner]
     * @param w frozen
     * @param bias [1, cols]; null for none
     * @param function of each element; null for none
     * @param residual [rows, cols], added last; null for none
     * @param y [rows, cols]
     */
    static HostKernel kernel(
            Form form,
            HostMatrix x,
            HostMatrix w,
            HostMatrix bias,
            OneDnn.Function function,
            HostMatrix residual,
            HostMatrix y,
            Workers workers) {
        int inner = x.cols();
        int cols = y.cols();
        Gemm.requireFit(form, x, w, y);
        long[] strides = form == Form.NT ? new long[] {1, inner} : new long[] {cols, 1};
        return OneDnn.byRows(x.rows(), workers, (oneDnn, row, rows) -> {
            memory weights = oneDnn.array(data_type.f32, w.pointer(0, 0), new long[] {inner, cols}, strides);
            memory given = oneDnn.rows(x, row, rows);
            memory rounded =
                    x.isRounded() ? given : oneDnn.array(data_type.bf16, null, new long[] {rows, inner}, inner, 1);
            OneDnn.Call product = oneDnn.product(
                    rounded,
                    weights,
                    workers,
                    bias == null ? null : oneDnn.rows(bias, 0, 1),
                    function,
                    residual == null ? null : oneDnn.rows(residual, row, rows),
                    oneDnn.rows(y, row, rows));
            if (x.isRounded()) {
                return product.share();
            }
            OneDnn.Call rounding = oneDnn.copy(given, rounded);
            long roundedBytes = NativeMemory.wholeLines((long) rows * inner * Short.BYTES);
            return new OneDnn.Share(roundedBytes + product.scratchBytes, scratch -> {
                rounded.set_data_handle(scratch);
                rounding.run(null);
                product.run(scratch.getPointer(roundedBytes));
            });
        });
    }
}
