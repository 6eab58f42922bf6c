package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;

/**
 * y = x · W + bias by oneDNN, with the factors rounded to bfloat16 and the sums in float32, bound to its matrices and
 * split among workers.
 *
 * <p>The weights are frozen: they are rounded and packed once, when the product is made, for all products of the
 * workers that want them in the same layout. A worker rounds its rows of x into its own scratch memory just before it
 * multiplies them.
 */
public final class Bfloat16Product implements HostKernel {

    private final OneDnn oneDnn = new OneDnn();
    private final Workers workers;

    /** These stay reachable, as their memory is read and written. */
    private final HostMatrix x;

    private final HostMatrix bias;
    private final HostMatrix y;
    private final Band[] bands;

    /**
     * Plans y = x · w + bias, and rounds and packs the weights.
     *
     * @param x [rows, inner]
     * @param w frozen, [inner, cols], or [cols, inner] if {@code transposed}
     * @param bias [1, cols], null for none
     * @param y [rows, cols]
     */
    public Bfloat16Product(
            HostMatrix x, HostMatrix w, boolean transposed, HostMatrix bias, HostMatrix y, Workers workers) {
        int inner = x.cols();
        int cols = y.cols();
        if ((transposed ? w.cols() : w.rows()) != inner
                || (transposed ? w.rows() : w.cols()) != cols
                || x.rows() != y.rows()) {
            throw new IllegalArgumentException(String.format(
                    "product of [%d, %d] and [%d, %d]%s into [%d, %d]",
                    x.rows(), inner, w.rows(), w.cols(), transposed ? " transposed" : "", y.rows(), cols));
        }
        this.workers = workers;
        this.x = x;
        this.bias = bias;
        this.y = y;
        dnnl_memory_desc layout = dnnl_primitive_desc_query_md(
                description(Math.max(1, x.rows() / workers.count()), oneDnn.anyLayout(dnnl_bf16, inner, cols)),
                dnnl_query_weights_md,
                0);
        dnnl_memory packed = oneDnn.packed(oneDnn.matrix(dnnl_f32, inner, cols, transposed), w, layout, workers);
        bands = new Band[workers.count()];
        for (int part = 0; part < bands.length; part++) {
            int from = Workers.start(x.rows(), part, bands.length);
            int to = Workers.start(x.rows(), part + 1, bands.length);
            if (from < to) {
                bands[part] = band(from, to - from, layout, packed);
            }
        }
    }

    private dnnl_primitive_desc description(int rows, dnnl_memory_desc w) {
        return oneDnn.product(
                oneDnn.matrix(dnnl_bf16, rows, x.cols(), false),
                w,
                bias == null ? null : oneDnn.matrix(dnnl_f32, 1, y.cols(), false),
                oneDnn.matrix(dnnl_f32, rows, y.cols(), false));
    }

    /**
     * The rows of one worker.
     *
     * @param rounded its rows of x in bfloat16, at the start of its scratch memory
     */
    private record Band(dnnl_memory rounded, long roundedBytes, OneDnn.Call rounding, OneDnn.Call product) {

        void run(BytePointer scratch) {
            OneDnn.place(rounded, scratch);
            rounding.run(null);
            product.run(scratch.getPointer(roundedBytes));
        }
    }

    private Band band(int row, int rows, dnnl_memory_desc layout, dnnl_memory weights) {
        dnnl_memory_desc exact = oneDnn.matrix(dnnl_f32, rows, x.cols(), false);
        dnnl_memory_desc half = oneDnn.matrix(dnnl_bf16, rows, x.cols(), false);
        dnnl_memory rounded = oneDnn.memory(half, null);
        return new Band(
                rounded,
                NativeMemory.wholeLines(dnnl_memory_desc_get_size(half)),
                oneDnn.copy(exact, oneDnn.memory(exact, x.pointer(row, 0)), half, rounded),
                oneDnn.layer(
                        description(rows, layout),
                        rounded,
                        weights,
                        bias == null ? null : memory(bias, 0, 1),
                        memory(y, row, rows)));
    }

    private dnnl_memory memory(HostMatrix matrix, int row, int rows) {
        return oneDnn.memory(oneDnn.matrix(dnnl_f32, rows, matrix.cols(), false), matrix.pointer(row, 0));
    }

    @Override
    public void run() {
        workers.run(part -> {
            Band band = bands[part];
            if (band != null) {
                BytePointer scratch = workers.scratch(part, band.roundedBytes + band.product.scratchBytes());
                OneDnn.singleThreaded(() -> band.run(scratch));
            }
        });
    }

    @Override
    public void close() {
        oneDnn.close();
    }
}
