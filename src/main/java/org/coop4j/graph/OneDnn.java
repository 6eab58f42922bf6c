package org.coop4j.graph;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_backward;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_accurate;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.layer_normalization_backward;
import org.bytedeco.dnnl.layer_normalization_forward;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.dnnl.memory.desc;
import org.bytedeco.dnnl.memory.format_tag;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.softmax_backward;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Workers;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Primitives of oneDNN that belong to one kernel, and are freed together.
 *
 * <p>An execution runs on the calling thread alone: {@link Workers} split the work, and oneDNN's OpenMP is held to one
 * thread meanwhile. The memory in which a primitive works is the caller's, so that any thread may execute it.
 */
final class OneDnn implements AutoCloseable {

    private final Deque<Runnable> frees = new ArrayDeque<>();

    /** Addresses in matrices whose memory is read or written, which stay reachable. */
    private final List<Pointer> used = new ArrayList<>();

    private final engine processor = owned(new engine(dnnl_cpu, 0));

    /** A function of each element, one of oneDNN's. */
    record Function(int algorithm, float alpha) {}

    private <P extends Pointer> P owned(P pointer) {
        frees.push(pointer::close);
        return pointer;
    }

    private memory memory(desc layout, Pointer address) {
        used.add(address);
        return owned(new memory(layout, processor, address));
    }

    /**
     * Returns the memory of an array.
     *
     * @param address which the caller owns; null if it is given later
     * @param strides distances between neighbours on each axis
     */
    memory array(data_type type, Pointer address, long[] sizes, long... strides) {
        return memory(new desc(sizes, type, strides), address);
    }

    /** Returns the memory of some rows of a matrix. */
    memory rows(HostMatrix matrix, int row, int rows) {
        data_type type = matrix.isRounded() ? data_type.bf16 : data_type.f32;
        return array(type, matrix.pointer(row, 0), new long[] {rows, matrix.cols()}, matrix.cols(), 1);
    }

    /** Returns the memory of a matrix of one row as a vector; null for none. */
    memory vector(HostMatrix row) {
        return row == null ? null : array(data_type.f32, row.pointer(0, 0), new long[] {row.cols()}, 1);
    }

    /** A primitive with the memory that it reads and writes, for one thread at a time. */
    final class Call {

        private final primitive compiled;
        private final stream queue = owned(new stream(processor));
        private final IntMemoryMap arguments = owned(new IntMemoryMap());
        private final memory scratchpad;
        final long scratchBytes;

        private Call(primitive_desc_base plan) {
            compiled = owned(new primitive(owned(plan).get()));
            desc scratch = plan.scratchpad_desc();
            scratchBytes = Math.max(1, scratch.get_size());
            scratchpad = memory(scratch, null);
            with(DNNL_ARG_SCRATCHPAD, scratchpad);
        }

        /** Adds an argument, unless it is null. */
        private Call with(int argument, memory value) {
            if (value != null) {
                arguments.put(argument, value);
            }
            return this;
        }

        /** Returns an execution as a share of a kernel. */
        Share share() {
            return new Share(scratchBytes, this::run);
        }

        /**
         * Executes it on the calling thread.
         *
         * @param scratch memory of {@link #scratchBytes} bytes
         */
        void run(Pointer scratch) {
            scratchpad.set_data_handle(scratch);
            compiled.execute(queue, arguments);
        }
    }

    /** Returns attributes of a primitive whose scratch memory is given with each execution. */
    private primitive_attr attributes() {
        primitive_attr result = owned(new primitive_attr());
        result.set_scratchpad_mode(dnnl_scratchpad_mode_user);
        return result;
    }

    /**
     * Plans y = function(x · w + bias) + residual. All but x, w and y may be null.
     *
     * @param packing workers that share packed weights; null for a w that is read as it lies
     */
    Call product(memory x, memory w, Workers packing, memory bias, Function function, memory residual, memory y) {
        post_ops after = owned(new post_ops());
        if (function != null) {
            after.append_eltwise(function.algorithm, function.alpha, 0);
        }
        if (residual != null) {
            after.append_binary(dnnl_binary_add, residual.get_desc());
        }
        primitive_attr attributes = attributes();
        attributes.set_post_ops(after);
        desc weights = packing == null ? w.get_desc() : anyLayout(data_type.bf16, w);
        matmul.primitive_desc plan = new matmul.primitive_desc(
                processor, x.get_desc(), weights, orNone(bias), y.get_desc(), attributes, false);
        int sum = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * after.len() | DNNL_ARG_SRC_1;
        return layer(plan, x, w, packing, bias, y).with(sum, residual);
    }

    /**
     * Plans y = x ∗ w + bias with packed weights; the bias may be null.
     *
     * @param before zero lines above and pixels left of an image
     * @param after zero lines below and pixels right of it
     */
    Call convolution(
            memory x, memory w, Workers packing, memory bias, memory y, int stride, long[] before, long[] after) {
        convolution_forward.primitive_desc plan = new convolution_forward.primitive_desc(
                processor,
                dnnl_forward_inference,
                dnnl_convolution_direct,
                x.get_desc(),
                anyLayout(data_type.f32, w),
                orNone(bias),
                y.get_desc(),
                new long[] {stride, stride},
                before,
                after,
                attributes(),
                false);
        return layer(plan, x, w, packing, bias, y);
    }

    private Call layer(primitive_desc_base plan, memory x, memory w, Workers packing, memory bias, memory y) {
        return new Call(plan)
                .with(DNNL_ARG_SRC, x)
                .with(DNNL_ARG_WEIGHTS, packing == null ? w : packed(w, plan.weights_desc(), packing))
                .with(DNNL_ARG_BIAS, bias)
                .with(DNNL_ARG_DST, y);
    }

    /** Returns the shape of an array, in the layout that a primitive prefers. */
    private static desc anyLayout(data_type type, memory array) {
        return new desc(array.get_desc().get_dims(), type, format_tag.any);
    }

    private static desc orNone(memory array) {
        return array == null ? new desc() : array.get_desc();
    }

    /** Returns weights copied to another type and layout, once for all kernels of the workers that need the same. */
    private memory packed(memory weights, desc layout, Workers workers) {
        long address = weights.get_data_handle().address();
        List<Object> key = List.of(address, new Layout(weights.get_desc()), new Layout(layout));
        BytePointer copy = workers.weightForms().take(key, () -> {
            BytePointer target = NativeMemory.allocate(layout.get_size());
            Call call = copy(weights, memory(layout, target));
            singleThreaded(() -> call.run(null));
            return target;
        });
        frees.push(() -> workers.weightForms().giveBack(key));
        return memory(layout, copy);
    }

    /** A description that equals others of the same shape, type and order; their bytes may differ in gaps. */
    private record Layout(desc of) {

        @Override
        public boolean equals(Object other) {
            return other instanceof Layout layout && of.equals(layout.of);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(of.get_size());
        }
    }

    /** Plans a copy into another type or layout, which needs no scratch memory. */
    Call copy(memory from, memory to) {
        return new Call(new reorder.primitive_desc(from, to, attributes(), false))
                .with(DNNL_ARG_SRC, from)
                .with(DNNL_ARG_DST, to);
    }

    /**
     * Plans y = (x − mean) / √(variance + epsilon) · gain + bias, row by row.
     *
     * @param statistics the mean and the variance of each row, [2, rows], which are written
     */
    Share layerNorm(
            HostMatrix x,
            HostMatrix gain,
            HostMatrix bias,
            float epsilon,
            HostMatrix y,
            HostMatrix statistics,
            int row,
            int rows) {
        memory from = rows(x, row, rows);
        memory to = rows(y, row, rows);
        int affine = dnnl_use_scale | dnnl_use_shift;
        return new Call(new layer_normalization_forward.primitive_desc(
                        processor,
                        dnnl_forward_training,
                        from.get_desc(),
                        to.get_desc(),
                        epsilon,
                        affine,
                        attributes(),
                        false))
                .with(DNNL_ARG_SRC, from)
                .with(DNNL_ARG_SCALE, vector(gain))
                .with(DNNL_ARG_SHIFT, vector(bias))
                .with(DNNL_ARG_DST, to)
                .with(DNNL_ARG_MEAN, part(statistics, 0, row, rows))
                .with(DNNL_ARG_VARIANCE, part(statistics, 1, row, rows))
                .share();
    }

    /** Returns the memory of a part of a row as a vector. */
    private memory part(HostMatrix matrix, int row, int from, int count) {
        return array(data_type.f32, matrix.pointer(row, from), new long[] {count}, 1);
    }

    /**
     * Plans the gradient dx of {@link #layerNorm}'s x, row by row.
     *
     * @param in dy, x, the gain, the bias and the statistics
     * @param dx another matrix than dy and x
     */
    Share layerNormGradient(HostMatrix[] in, float epsilon, HostMatrix dx, int row, int rows) {
        memory dy = rows(in[0], row, rows);
        memory x = rows(in[1], row, rows);
        memory gain = vector(in[2]);
        desc layout = x.get_desc();
        layer_normalization_forward.primitive_desc forward = new layer_normalization_forward.primitive_desc(
                processor, dnnl_forward_training, layout, layout, epsilon, dnnl_use_scale, attributes(), false);
        // No implementation gives the gradient of x alone.
        return new Call(new layer_normalization_backward.primitive_desc(
                        processor,
                        dnnl_backward,
                        layout,
                        dy.get_desc(),
                        layout,
                        epsilon,
                        dnnl_use_scale,
                        owned(forward),
                        attributes(),
                        false))
                .with(DNNL_ARG_SRC, x)
                .with(DNNL_ARG_SCALE, gain)
                .with(DNNL_ARG_MEAN, part(in[4], 0, row, rows))
                .with(DNNL_ARG_VARIANCE, part(in[4], 1, row, rows))
                .with(DNNL_ARG_DIFF_DST, dy)
                .with(DNNL_ARG_DIFF_SRC, rows(dx, row, rows))
                .with(DNNL_ARG_DIFF_SCALE, owned(new memory(gain.get_desc(), processor)))
                .share();
    }

    /** Plans y = function(x), element by element. */
    Share function(Function function, HostMatrix x, HostMatrix y, int row, int rows) {
        memory from = rows(x, row, rows);
        return new Call(function(function, from.get_desc()))
                .with(DNNL_ARG_SRC, from)
                .with(DNNL_ARG_DST, rows(y, row, rows))
                .share();
    }

    private eltwise_forward.primitive_desc function(Function function, desc layout) {
        return owned(new eltwise_forward.primitive_desc(
                processor,
                dnnl_forward_training,
                function.algorithm,
                layout,
                layout,
                function.alpha,
                0,
                attributes(),
                false));
    }

    /** Plans dx = dy · function′(x), element by element. */
    Share derivative(Function function, HostMatrix dy, HostMatrix x, HostMatrix dx, int row, int rows) {
        memory at = rows(x, row, rows);
        desc layout = at.get_desc();
        return new Call(new eltwise_backward.primitive_desc(
                        processor,
                        function.algorithm,
                        layout,
                        layout,
                        layout,
                        function.alpha,
                        0,
                        function(function, layout),
                        attributes(),
                        false))
                .with(DNNL_ARG_SRC, at)
                .with(DNNL_ARG_DIFF_DST, rows(dy, row, rows))
                .with(DNNL_ARG_DIFF_SRC, rows(dx, row, rows))
                .share();
    }

    /** Plans the softmax of each row, into another type. */
    Call softmax(memory x, memory y) {
        return new Call(softmax(dnnl_forward_inference, x, y))
                .with(DNNL_ARG_SRC, x)
                .with(DNNL_ARG_DST, y);
    }

    private softmax_forward.primitive_desc softmax(int direction, memory x, memory y) {
        return new softmax_forward.primitive_desc(
                processor, direction, dnnl_softmax_accurate, x.get_desc(), y.get_desc(), 1, attributes(), false);
    }

    /**
     * Plans the gradient dx of each row's softmax y.
     *
     * @param dx may be dy
     */
    Call softmaxGradient(memory y, memory dy, memory dx) {
        return new Call(new softmax_backward.primitive_desc(
                        processor,
                        dnnl_softmax_accurate,
                        dx.get_desc(),
                        dy.get_desc(),
                        y.get_desc(),
                        1,
                        owned(softmax(dnnl_forward_training, y, y)),
                        attributes(),
                        false))
                .with(DNNL_ARG_DST, y)
                .with(DNNL_ARG_DIFF_DST, dy)
                .with(DNNL_ARG_DIFF_SRC, dx);
    }

    /** Work on some rows, with scratch memory of so many bytes. */
    record Share(long scratchBytes, Consumer<BytePointer> work) {}

    /** Plans the share of {@code count} rows starting at {@code from}. */
    @FunctionalInterface
    interface Shares {
        Share of(OneDnn oneDnn, int from, int count);
    }

    /** Returns a kernel that splits rows among workers. */
    static HostKernel byRows(int rows, Workers workers, Shares shares) {
        OneDnn oneDnn = new OneDnn();
        Share[] each = new Share[workers.count()];
        for (int part = 0; part < each.length; part++) {
            int from = Workers.start(rows, part, each.length);
            int to = Workers.start(rows, part + 1, each.length);
            each[part] = from < to ? shares.of(oneDnn, from, to - from) : null;
        }
        Runnable all = () -> workers.run(part -> {
            if (each[part] != null) {
                BytePointer scratch = workers.scratch(part, each[part].scratchBytes);
                singleThreaded(() -> each[part].work.accept(scratch));
            }
        });
        return HostKernel.owning(all, oneDnn::close);
    }

    /**
     * Plans C = op(A) · op(B) + bias in float32, split among workers by the rows of C.
     *
     * @param bias [1, columns of C], added to every row; null for none
     */
    static HostKernel product(
            Gemm.Form form, HostMatrix a, HostMatrix b, HostMatrix bias, HostMatrix c, Workers workers) {
        Gemm.requireFit(form, a, b, c);
        int inner = form == Gemm.Form.TN ? a.rows() : a.cols();
        long[] strides = form == Gemm.Form.NT ? new long[] {1, inner} : new long[] {c.cols(), 1};
        return byRows(c.rows(), workers, (oneDnn, row, rows) -> {
            memory x = form == Gemm.Form.TN
                    ? oneDnn.array(data_type.f32, a.pointer(0, row), new long[] {rows, inner}, 1, a.cols())
                    : oneDnn.rows(a, row, rows);
            memory w = oneDnn.array(data_type.f32, b.pointer(0, 0), new long[] {inner, c.cols()}, strides);
            memory added = bias == null ? null : oneDnn.rows(bias, 0, 1);
            return oneDnn.product(x, w, null, added, null, null, oneDnn.rows(c, row, rows))
                    .share();
        });
    }

    /** Runs {@code work} with OpenMP on the calling thread alone, then restores its setting. */
    static void singleThreaded(Runnable work) {
        Nd4j.getExecutioner(); // starts ND4J, whose OpenMP is the process's
        NativeOps openMp = NativeOpsHolder.getInstance().getDeviceNativeOps();
        int before = openMp.ompGetMaxThreads();
        openMp.setOmpNumThreads(1);
        try {
            work.run();
        } finally {
            openMp.setOmpNumThreads(before);
        }
    }

    @Override
    public void close() {
        while (!frees.isEmpty()) {
            frees.pop().run();
        }
    }
}
