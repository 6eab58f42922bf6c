package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * y = function(x · W + bias) + residual by oneDNN, with the factors rounded to bfloat16 and the sums in float32, bound to
 * its matrices and split among workers.
 *
 * <p>The weights are frozen: they are rounded and packed once, when the product is made, for all products of the
 * workers that want them in the same layout. A worker rounds its rows of x into its own scratch memory just before it
 * multiplies them, unless they are bfloat16 already.
 */
public final class Bfloat16Product implements HostKernel {

    private final OneDnn oneDnn = new OneDnn();
    private final HostMatrix x;
    private final Epilogue after;
    private final HostMatrix y;
    private final HostKernel bands;

    /**
     * Steps after the product, each null for none.
     *
     * @param bias [1, cols]
     * @param function of each element
     * @param residual [rows, cols], added last
     */
    public record Epilogue(HostMatrix bias, OneDnn.Function function, HostMatrix residual) {}

    /**
     * Plans y = function(x · w + bias) + residual, and rounds and packs the weights.
     *
     * @param x [rows, inner]
     * @param w frozen, [inner, cols], or [cols, inner] if {@code transposed}
     * @param y [rows, cols]
     */
    public Bfloat16Product(
            HostMatrix x, HostMatrix w, boolean transposed, Epilogue after, HostMatrix y, Workers workers) {
        int inner = x.cols();
        int cols = y.cols();
        if ((transposed ? w.cols() : w.rows()) != inner
                || (transposed ? w.rows() : w.cols()) != cols
                || x.rows() != y.rows()) {
            throw new IllegalArgumentException(String.format(
                    "product of [%d, %d] and [%d, %d]%s into [%d, %d]",
                    x.rows(), inner, w.rows(), w.cols(), transposed ? " transposed" : "", y.rows(), cols));
        }
        this.x = x;
        this.after = after;
        this.y = y;
        dnnl_memory_desc layout = dnnl_primitive_desc_query_md(
                description(Math.max(1, x.rows() / workers.count()), oneDnn.anyLayout(dnnl_bf16, inner, cols)),
                dnnl_query_weights_md,
                0);
        dnnl_memory packed = oneDnn.packed(oneDnn.matrix(dnnl_f32, inner, cols, transposed), w, layout, workers);
        bands = oneDnn.byRows(x.rows(), workers, (row, rows) -> band(row, rows, layout, packed));
    }

    private dnnl_primitive_desc description(int rows, dnnl_memory_desc w) {
        return oneDnn.product(
                oneDnn.matrix(dnnl_bf16, rows, x.cols(), false),
                w,
                after.bias == null ? null : oneDnn.rows(after.bias, 1),
                after.function,
                after.residual == null ? null : oneDnn.rows(after.residual, rows),
                oneDnn.rows(y, rows));
    }

    private OneDnn.Share band(int row, int rows, dnnl_memory_desc layout, dnnl_memory weights) {
        dnnl_memory_desc half = oneDnn.matrix(dnnl_bf16, rows, x.cols(), false);
        dnnl_memory given = oneDnn.memory(x, row, rows);
        dnnl_memory rounded = x.isRounded() ? given : oneDnn.memory(half, null);
        OneDnn.Call product = oneDnn.layer(
                description(rows, layout),
                rounded,
                weights,
                after.bias == null ? null : oneDnn.memory(after.bias, 0, 1),
                after.function == null ? 0 : 1,
                after.residual == null ? null : oneDnn.memory(after.residual, row, rows),
                oneDnn.memory(y, row, rows));
        if (x.isRounded()) {
            return OneDnn.share(product);
        }
        OneDnn.Call rounding = oneDnn.copy(oneDnn.rows(x, rows), given, half, rounded);
        long roundedBytes = NativeMemory.wholeLines(dnnl_memory_desc_get_size(half));
        return new OneDnn.Share(roundedBytes + product.scratchBytes(), scratch -> {
            OneDnn.place(rounded, scratch);
            rounding.run(null);
            product.run(scratch.getPointer(roundedBytes));
        });
    }

    @Override
    public void run() {
        bands.run();
    }

    @Override
    public void close() {
        bands.close();
    }
}
