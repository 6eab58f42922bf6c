package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;

/**
 * y = x · W + bias with the factors rounded to bfloat16 and the sums in float32, by oneDNN, bound
 * to its matrices and split among workers.
 *
 * <p>The weights are frozen: they are rounded and packed once, when the product is made, for all
 * products of the workers that want them in the same layout. A worker rounds its rows of x into its
 * own scratch memory just before it multiplies them.
 */
public final class Bfloat16Product implements HostKernel {

    /** Bytes of a line of the cache. */
    private static final long ALIGNMENT = 64;

    private final OneDnn oneDnn = new OneDnn();
    private final Workers workers;

    /** These stay reachable, as their memory is read and written. */
    private final HostMatrix x;

    private final HostMatrix bias;
    private final HostMatrix y;
    private final WeightForms.Lease<BytePointer> packed;
    private final Band[] bands;

    private Bfloat16Product(
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
                description(
                        Math.max(1, x.rows() / workers.count()), inner, oneDnn.anyLayout(dnnl_bf16, inner, cols), cols),
                dnnl_query_weights_md,
                0);
        packed = workers.weightForms()
                .lease(
                        w,
                        List.of(transposed, oneDnn.bytes(layout)),
                        BytePointer.class,
                        () -> oneDnn.packed(oneDnn.matrix(dnnl_f32, inner, cols, transposed), w, layout),
                        BytePointer::close);
        dnnl_memory weights = oneDnn.memory(layout, packed.memory());
        bands = new Band[workers.count()];
        for (int part = 0; part < bands.length; part++) {
            int from = (int) ((long) x.rows() * part / bands.length);
            int to = (int) ((long) x.rows() * (part + 1) / bands.length);
            if (from < to) {
                bands[part] = new Band(from, to - from, layout, weights);
            }
        }
    }

    /**
     * Plans y = x · w + bias, and rounds and packs the weights.
     *
     * @param x [rows, inner]
     * @param w frozen, [inner, cols], or [cols, inner] if {@code transposed}
     * @param bias [1, cols], null if there is none
     * @param y [rows, cols]
     */
    public static Bfloat16Product of(
            HostMatrix x, HostMatrix w, boolean transposed, HostMatrix bias, HostMatrix y, Workers workers) {
        return new Bfloat16Product(x, w, transposed, bias, y, workers);
    }

    private dnnl_primitive_desc description(int rows, int inner, dnnl_memory_desc w, int cols) {
        return oneDnn.product(
                oneDnn.matrix(dnnl_bf16, rows, inner, false),
                w,
                bias == null ? null : oneDnn.matrix(dnnl_f32, 1, cols, false),
                oneDnn.matrix(dnnl_f32, rows, cols, false));
    }

    /** The rows of one worker. */
    private final class Band {

        private final dnnl_stream stream = oneDnn.stream();
        private final dnnl_memory rounded;
        private final dnnl_memory scratchpad;
        private final long roundedBytes;
        private final long scratchBytes;
        private final OneDnn.Call rounding;
        private final OneDnn.Call product;

        Band(int row, int rows, dnnl_memory_desc layout, dnnl_memory weights) {
            int inner = x.cols();
            int cols = y.cols();
            dnnl_memory_desc exact = oneDnn.matrix(dnnl_f32, rows, inner, false);
            dnnl_memory_desc half = oneDnn.matrix(dnnl_bf16, rows, inner, false);
            dnnl_primitive_desc description = description(rows, inner, layout, cols);
            dnnl_memory_desc scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
            roundedBytes = (dnnl_memory_desc_get_size(half) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            scratchBytes = roundedBytes + dnnl_memory_desc_get_size(scratch);
            rounded = oneDnn.memory(half, null);
            scratchpad = oneDnn.memory(scratch, null);
            rounding = oneDnn.copy(exact, oneDnn.memory(exact, x.pointer(row, 0)), half, rounded);
            Map<Integer, dnnl_memory> memory = new LinkedHashMap<>();
            memory.put(DNNL_ARG_SRC, rounded);
            memory.put(DNNL_ARG_WEIGHTS, weights);
            memory.put(DNNL_ARG_SCRATCHPAD, scratchpad);
            memory.put(DNNL_ARG_DST, oneDnn.memory(oneDnn.matrix(dnnl_f32, rows, cols, false), y.pointer(row, 0)));
            if (bias != null) {
                memory.put(DNNL_ARG_BIAS, oneDnn.memory(oneDnn.matrix(dnnl_f32, 1, cols, false), bias.pointer(0, 0)));
            }
            product = oneDnn.call(oneDnn.primitive(description), memory);
        }

        void run(BytePointer scratch) {
            oneDnn.place(rounded, scratch);
            oneDnn.place(scratchpad, scratch.getPointer(roundedBytes));
            rounding.run(stream);
            product.run(stream);
        }
    }

    @Override
    public void run() {
        workers.run((part, parts) -> {
            Band band = bands[part];
            if (band != null) {
                BytePointer scratch = workers.scratch(part, band.scratchBytes);
                OneDnn.singleThreaded(() -> band.run(scratch));
            }
        });
    }

    @Override
    public void close() {
        oneDnn.close();
        packed.close();
    }
}
