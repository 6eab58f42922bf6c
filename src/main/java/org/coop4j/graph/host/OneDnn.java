package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_amx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_blob;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_binary;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_accurate;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_in_order;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * The part of oneDNN's C interface that products and convolutions need: objects of one processor engine, made with
 * checks and freed together.
 *
 * <p>An execution runs on the calling thread alone: {@link Workers} split the work, and oneDNN's OpenMP is held to one
 * thread meanwhile. The memory in which a primitive works is the caller's, so that any thread may execute it.
 */
public final class OneDnn implements AutoCloseable {

    private final Deque<Runnable> frees = new ArrayDeque<>();
    private final dnnl_engine engine = new dnnl_engine();

    /** Matrices whose memory is read or written, which stay reachable. */
    private final List<HostMatrix> used = new ArrayList<>();

    OneDnn() {
        made(dnnl_engine_create(engine, dnnl_cpu, 0), "engine", () -> dnnl_engine_destroy(engine));
    }

    private static void check(int status, String what) {
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN: status " + status + " of " + what);
        }
    }

    /** Checks that an object was made, and frees it in the end. */
    private void made(int status, String what, Runnable free) {
        check(status, what);
        frees.push(free);
    }

    /** Returns true if this process computes in the host's memory and has oneDNN, which exists for x86-64. */
    public static boolean isAvailable() {
        return Backend.currentForm() == Backend.Form.HOST && missing().isEmpty();
    }

    /** Returns the reason that oneDNN cannot be used; empty if it can. */
    private static Optional<String> missing() {
        try {
            dnnl_get_effective_cpu_isa();
            return Optional.empty();
        } catch (NoClassDefFoundError e) {
            return Optional.of("oneDNN is not on the class path: use float32, or on Linux (x86-64) add"
                    + " org.bytedeco:dnnl and org.bytedeco:opencl with their classifiers");
        } catch (UnsatisfiedLinkError e) {
            return Optional.of("oneDNN cannot be loaded (" + e.getMessage() + "): use float32");
        }
    }

    /** Returns the reason that this process cannot multiply bfloat16; empty if it can. */
    static Optional<String> obstacle() {
        if (Backend.currentForm() == Backend.Form.PORTABLE) {
            return Optional.of("the portable form does not multiply bfloat16: use float32");
        }
        Optional<String> missing = missing();
        return missing.isPresent() ? missing : obstacle(dnnl_get_effective_cpu_isa());
    }

    /**
     * @param instructions sets of instructions that oneDNN found, a bit each
     */
    static Optional<String> obstacle(int instructions) {
        return (instructions & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16
                ? Optional.empty()
                : Optional.of("this processor has no bfloat16 instructions (AVX512_BF16): use float32,"
                        + " or auto, which takes the best available");
    }

    /** Returns the instructions that multiply bfloat16 on this processor, which must have some. */
    public static String instructions() {
        int amx = dnnl_cpu_isa_avx512_core_amx;
        return (dnnl_get_effective_cpu_isa() & amx) == amx ? "AMX" : "AVX512_BF16";
    }

    /** Returns a dense matrix; {@code transposed} if it lies in memory as [cols, rows]. */
    dnnl_memory_desc matrix(int type, long rows, long cols, boolean transposed) {
        return strided(type, new long[] {rows, cols}, transposed ? new long[] {1, rows} : new long[] {cols, 1});
    }

    /** Returns images that lie in memory as [images, height, width, channels]. */
    dnnl_memory_desc images(long images, long channels, long height, long width) {
        long[] strides = {height * width * channels, 1, width * channels, channels};
        return strided(dnnl_f32, new long[] {images, channels, height, width}, strides);
    }

    /** Returns a dense array of these sizes with these distances between neighbours. */
    dnnl_memory_desc strided(int type, long[] sizes, long[] strides) {
        dnnl_memory_desc desc = new dnnl_memory_desc();
        made(
                dnnl_memory_desc_create_with_strides(desc, sizes.length, sizes, type, strides),
                "layout",
                () -> dnnl_memory_desc_destroy(desc));
        return desc;
    }

    /** Returns an array in the layout that a primitive prefers. */
    dnnl_memory_desc anyLayout(int type, long... sizes) {
        dnnl_memory_desc desc = new dnnl_memory_desc();
        made(
                dnnl_memory_desc_create_with_tag(desc, sizes.length, sizes, type, dnnl_format_tag_any),
                "array of any layout",
                () -> dnnl_memory_desc_destroy(desc));
        return desc;
    }

    /** Returns a description in bytes, the same for the same layout and shape. */
    private static ByteBuffer bytes(dnnl_memory_desc desc) {
        try (SizeTPointer size = new SizeTPointer(1)) {
            check(dnnl_memory_desc_get_blob((BytePointer) null, size, desc), "size of a layout");
            byte[] bytes = new byte[Math.toIntExact(size.get())];
            check(dnnl_memory_desc_get_blob(bytes, size, desc), "layout");
            return ByteBuffer.wrap(bytes);
        }
    }

    /** Returns an array at an address that the caller owns; null if it is given later. */
    dnnl_memory memory(dnnl_memory_desc desc, Pointer address) {
        dnnl_memory memory = new dnnl_memory();
        made(dnnl_memory_create(memory, desc, engine, address), "memory", () -> dnnl_memory_destroy(memory));
        return memory;
    }

    /** Gives memory another address. */
    static void place(dnnl_memory memory, Pointer address) {
        check(dnnl_memory_set_data_handle(memory, address), "address");
    }

    /** Returns the layout of some rows of a matrix. */
    dnnl_memory_desc rows(HostMatrix matrix, int rows) {
        return matrix(matrix.isRounded() ? dnnl_bf16 : dnnl_f32, rows, matrix.cols(), false);
    }

    /** Returns the memory of some rows of a matrix. */
    dnnl_memory memory(HostMatrix matrix, int row, int rows) {
        used.add(matrix);
        return memory(rows(matrix, rows), matrix.pointer(row, 0));
    }

    /** A function of each element, one of oneDNN's. */
    public record Function(int algorithm, float alpha) {}

    /**
     * Returns attributes of a primitive whose scratch memory is given with each execution.
     *
     * @param function of each result; null for none
     * @param residual added to the function's values; null for none
     */
    private dnnl_primitive_attr attributes(Function function, dnnl_memory_desc residual) {
        dnnl_primitive_attr result = new dnnl_primitive_attr();
        made(dnnl_primitive_attr_create(result), "attributes", () -> dnnl_primitive_attr_destroy(result));
        check(dnnl_primitive_attr_set_scratchpad_mode(result, dnnl_scratchpad_mode_user), "scratchpad mode");
        dnnl_post_ops after = new dnnl_post_ops();
        made(dnnl_post_ops_create(after), "post-ops", () -> dnnl_post_ops_destroy(after));
        if (function != null) {
            check(dnnl_post_ops_append_eltwise(after, function.algorithm, function.alpha, 0), "function");
        }
        if (residual != null) {
            check(dnnl_post_ops_append_binary(after, dnnl_binary_add, residual), "residual");
        }
        check(dnnl_primitive_attr_set_post_ops(result, after), "post-ops");
        return result;
    }

    private dnnl_primitive_attr attributes() {
        return attributes(null, null);
    }

    /** Plans y = function(x · w + bias) + residual; bias, function and residual may be null. */
    dnnl_primitive_desc product(
            dnnl_memory_desc x,
            dnnl_memory_desc w,
            dnnl_memory_desc bias,
            Function function,
            dnnl_memory_desc residual,
            dnnl_memory_desc y) {
        dnnl_primitive_attr attributes = attributes(function, residual);
        return described("product", desc -> dnnl_matmul_primitive_desc_create(desc, engine, x, w, bias, y, attributes));
    }

    /**
     * y = x ∗ w + bias; the bias may be null.
     *
     * @param before zero lines above and pixels left of an image
     * @param after zero lines below and pixels right of it
     */
    dnnl_primitive_desc convolution(
            dnnl_memory_desc x,
            dnnl_memory_desc w,
            dnnl_memory_desc bias,
            dnnl_memory_desc y,
            int stride,
            long[] before,
            long[] after) {
        long[] strides = {stride, stride};
        return described(
                "convolution",
                desc -> dnnl_convolution_forward_primitive_desc_create(
                        desc,
                        engine,
                        dnnl_forward_inference,
                        dnnl_convolution_direct,
                        x,
                        w,
                        bias,
                        y,
                        strides,
                        new long[2],
                        before,
                        after,
                        attributes()));
    }

    /** Describes a primitive, and frees the description in the end. */
    private dnnl_primitive_desc described(String what, ToIntFunction<dnnl_primitive_desc> create) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        made(create.applyAsInt(desc), what, () -> dnnl_primitive_desc_destroy(desc));
        return desc;
    }

    /**
     * Returns weights copied to another type and layout, once for all kernels of the workers that need the same.
     *
     * @param plain the weights as they lie in memory
     */
    dnnl_memory packed(dnnl_memory_desc plain, HostMatrix weights, dnnl_memory_desc layout, Workers workers) {
        Pointer address = weights.pointer(0, 0);
        List<Object> key = List.of(address.address(), bytes(plain), bytes(layout));
        BytePointer copy = workers.weightForms().take(key, () -> {
            BytePointer memory = NativeMemory.allocate(dnnl_memory_desc_get_size(layout));
            Call call = copy(plain, memory(plain, address), layout, memory(layout, memory));
            singleThreaded(() -> call.run(null));
            return memory;
        });
        frees.push(() -> workers.weightForms().giveBack(key));
        return memory(layout, copy);
    }

    /** A primitive with the memory that it reads and writes, for one thread at a time. */
    public record Call(
            dnnl_primitive primitive,
            dnnl_stream stream,
            dnnl_exec_arg_t arguments,
            int count,
            dnnl_memory scratchpad,
            long scratchBytes) {

        /**
         * Executes it on the calling thread.
         *
         * @param scratch memory of {@link #scratchBytes} bytes; null for none
         */
        void run(Pointer scratch) {
            if (scratch != null) {
                place(scratchpad, scratch);
            }
            check(dnnl_primitive_execute(primitive, stream, count, arguments), "execution");
        }
    }

    /** Returns a copy into another type or layout, which needs no scratch memory. */
    Call copy(dnnl_memory_desc from, dnnl_memory source, dnnl_memory_desc to, dnnl_memory target) {
        dnnl_primitive_desc copy = described(
                "copy", desc -> dnnl_reorder_primitive_desc_create(desc, from, engine, to, engine, attributes()));
        return call(copy, Map.of(DNNL_ARG_SRC, source, DNNL_ARG_DST, target));
    }

    /** Returns a product or convolution; the bias may be null. */
    Call layer(dnnl_primitive_desc desc, dnnl_memory x, dnnl_memory w, dnnl_memory bias, dnnl_memory y) {
        return layer(desc, x, w, bias, 0, null, y);
    }

    /**
     * Returns a product with a residual.
     *
     * @param before number of functions before the sum
     * @param residual null for none
     */
    Call layer(
            dnnl_primitive_desc desc,
            dnnl_memory x,
            dnnl_memory w,
            dnnl_memory bias,
            int before,
            dnnl_memory residual,
            dnnl_memory y) {
        Map<Integer, dnnl_memory> memory = new LinkedHashMap<>();
        memory.put(DNNL_ARG_SRC, x);
        memory.put(DNNL_ARG_WEIGHTS, w);
        memory.put(DNNL_ARG_DST, y);
        if (bias != null) {
            memory.put(DNNL_ARG_BIAS, bias);
        }
        if (residual != null) {
            memory.put(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (before + 1) | DNNL_ARG_SRC_1, residual);
        }
        return call(desc, memory);
    }

    private Call call(dnnl_primitive_desc desc, Map<Integer, dnnl_memory> operands) {
        dnnl_memory_desc scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
        Map<Integer, dnnl_memory> memory = new LinkedHashMap<>(operands);
        dnnl_memory scratchpad = memory(scratch, null);
        memory.put(DNNL_ARG_SCRATCHPAD, scratchpad);
        dnnl_primitive primitive = new dnnl_primitive();
        made(dnnl_primitive_create(primitive, desc), "primitive", () -> dnnl_primitive_destroy(primitive));
        dnnl_stream stream = new dnnl_stream();
        made(dnnl_stream_create(stream, engine, dnnl_stream_in_order), "stream", () -> dnnl_stream_destroy(stream));
        dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(memory.size());
        int i = 0;
        for (Map.Entry<Integer, dnnl_memory> entry : memory.entrySet()) {
            arguments.getPointer(i++).arg(entry.getKey()).memory(entry.getValue());
        }
        frees.push(arguments::close);
        return new Call(primitive, stream, arguments, i, scratchpad, Math.max(1, dnnl_memory_desc_get_size(scratch)));
    }

    /** Plans y = (x − mean) / √(variance + epsilon) · gain + bias, row by row. */
    public Call layerNorm(
            HostMatrix x, HostMatrix gain, HostMatrix bias, float epsilon, HostMatrix y, int row, int rows) {
        used.addAll(List.of(gain, bias));
        dnnl_memory_desc vector = strided(dnnl_f32, new long[] {x.cols()}, new long[] {1});
        dnnl_primitive_desc norm = described(
                "layer norm",
                desc -> dnnl_layer_normalization_forward_primitive_desc_create(
                        desc,
                        engine,
                        dnnl_forward_inference,
                        rows(x, rows),
                        rows(y, rows),
                        null,
                        epsilon,
                        dnnl_use_scale | dnnl_use_shift,
                        attributes()));
        return call(
                norm,
                Map.of(
                        DNNL_ARG_SRC,
                        memory(x, row, rows),
                        DNNL_ARG_SCALE,
                        memory(vector, gain.pointer(0, 0)),
                        DNNL_ARG_SHIFT,
                        memory(vector, bias.pointer(0, 0)),
                        DNNL_ARG_DST,
                        memory(y, row, rows)));
    }

    /** Plans y = function(x), element by element. */
    public Call function(Function function, HostMatrix x, HostMatrix y, int row, int rows) {
        return call(
                function(function, rows(x, rows)),
                Map.of(DNNL_ARG_SRC, memory(x, row, rows), DNNL_ARG_DST, memory(y, row, rows)));
    }

    private dnnl_primitive_desc function(Function function, dnnl_memory_desc x) {
        return described(
                "function",
                desc -> dnnl_eltwise_forward_primitive_desc_create(
                        desc,
                        engine,
                        dnnl_forward_training,
                        function.algorithm,
                        x,
                        x,
                        function.alpha,
                        0,
                        attributes()));
    }

    /** Plans dx = dy · function′(x), element by element. */
    public Call derivative(Function function, HostMatrix dy, HostMatrix x, HostMatrix dx, int row, int rows) {
        dnnl_memory_desc layout = rows(x, rows);
        dnnl_primitive_desc forward = function(function, layout);
        dnnl_primitive_desc derivative = described(
                "derivative",
                desc -> dnnl_eltwise_backward_primitive_desc_create(
                        desc,
                        engine,
                        function.algorithm,
                        layout,
                        layout,
                        layout,
                        function.alpha,
                        0,
                        forward,
                        attributes()));
        return call(
                derivative,
                Map.of(
                        DNNL_ARG_SRC,
                        memory(x, row, rows),
                        DNNL_ARG_DIFF_DST,
                        memory(dy, row, rows),
                        DNNL_ARG_DIFF_SRC,
                        memory(dx, row, rows)));
    }

    /** Plans the softmax of each row, into another type. */
    Call softmax(dnnl_memory_desc from, dnnl_memory x, dnnl_memory_desc to, dnnl_memory y) {
        dnnl_primitive_desc softmax = described(
                "softmax",
                desc -> dnnl_softmax_forward_primitive_desc_create(
                        desc, engine, dnnl_forward_inference, dnnl_softmax_accurate, from, to, 1, attributes()));
        return call(softmax, Map.of(DNNL_ARG_SRC, x, DNNL_ARG_DST, y));
    }

    /** Work on some rows, with scratch memory of so many bytes. */
    record Share(long scratchBytes, Consumer<BytePointer> work) {}

    /** Makes the share of {@code count} rows from {@code from} on. */
    interface Shares {
        Share of(int from, int count);
    }

    /** Returns a kernel that splits rows among workers; closing it frees this. */
    HostKernel byRows(int rows, Workers workers, Shares shares) {
        Share[] each = new Share[workers.count()];
        for (int part = 0; part < each.length; part++) {
            int from = Workers.start(rows, part, each.length);
            int to = Workers.start(rows, part + 1, each.length);
            each[part] = from < to ? shares.of(from, to - from) : null;
        }
        Runnable all = () -> workers.run(part -> {
            if (each[part] != null) {
                BytePointer scratch = workers.scratch(part, each[part].scratchBytes);
                singleThreaded(() -> each[part].work.accept(scratch));
            }
        });
        return HostKernel.owning(all, this::close);
    }

    /** A primitive on {@code count} rows from {@code from} on. */
    @FunctionalInterface
    public interface RowCall {
        Call of(OneDnn oneDnn, int from, int count);
    }

    /** Returns a kernel of a primitive that works on each row by itself. */
    public static HostKernel eachRow(int rows, Workers workers, RowCall primitive) {
        OneDnn oneDnn = new OneDnn();
        return oneDnn.byRows(rows, workers, (from, count) -> share(primitive.of(oneDnn, from, count)));
    }

    static Share share(Call call) {
        return new Share(call.scratchBytes, call::run);
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

    /**
     * Packed copies of frozen weights. A copy is made for the first kernel that needs it, shared with others, and freed
     * with the last.
     */
    static final class WeightForms {

        private final Map<List<Object>, BytePointer> copies = new HashMap<>();
        private final Map<List<Object>, Integer> users = new HashMap<>();

        /**
         * Returns a copy, which stays until it was given back as often as it was taken.
         *
         * @param key address of the weights, and what is made of them
         * @param make makes the copy if no kernel has it
         */
        synchronized BytePointer take(List<Object> key, Supplier<BytePointer> make) {
            BytePointer copy = copies.computeIfAbsent(key, k -> make.get());
            users.merge(key, 1, Integer::sum);
            return copy;
        }

        /** Gives a copy back. */
        synchronized void giveBack(List<Object> key) {
            if (users.merge(key, -1, Integer::sum) == 0) {
                users.remove(key);
                copies.remove(key).close();
            }
        }

        /** Returns the copies in use. */
        synchronized List<BytePointer> copies() {
            return List.copyOf(copies.values());
        }
    }
}
