package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_blob;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_in_order;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
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

    /** Scratch memory is given with each execution. */
    private final dnnl_primitive_attr attributes = new dnnl_primitive_attr();

    OneDnn() {
        made(dnnl_engine_create(engine, dnnl_cpu, 0), "engine", () -> dnnl_engine_destroy(engine));
        made(dnnl_primitive_attr_create(attributes), "attributes", () -> dnnl_primitive_attr_destroy(attributes));
        check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), "scratchpad mode");
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

    /** y = x · w + bias; the bias may be null. */
    dnnl_primitive_desc product(dnnl_memory_desc x, dnnl_memory_desc w, dnnl_memory_desc bias, dnnl_memory_desc y) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        return made(desc, dnnl_matmul_primitive_desc_create(desc, engine, x, w, bias, y, attributes), "product");
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
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        int status = dnnl_convolution_forward_primitive_desc_create(
                desc,
                engine,
                dnnl_forward_inference,
                dnnl_convolution_direct,
                x,
                w,
                bias,
                y,
                new long[] {stride, stride},
                new long[2],
                before,
                after,
                attributes);
        return made(desc, status, "convolution");
    }

    private dnnl_primitive_desc made(dnnl_primitive_desc desc, int status, String what) {
        made(status, what, () -> dnnl_primitive_desc_destroy(desc));
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
    record Call(
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
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        made(desc, dnnl_reorder_primitive_desc_create(desc, from, engine, to, engine, attributes), "copy");
        return call(desc, Map.of(DNNL_ARG_SRC, source, DNNL_ARG_DST, target), null, 0);
    }

    /** Returns a product or convolution; the bias may be null. */
    Call layer(dnnl_primitive_desc desc, dnnl_memory x, dnnl_memory w, dnnl_memory bias, dnnl_memory y) {
        dnnl_memory_desc scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
        dnnl_memory scratchpad = memory(scratch, null);
        Map<Integer, dnnl_memory> memory = new LinkedHashMap<>();
        memory.put(DNNL_ARG_SRC, x);
        memory.put(DNNL_ARG_WEIGHTS, w);
        memory.put(DNNL_ARG_SCRATCHPAD, scratchpad);
        memory.put(DNNL_ARG_DST, y);
        if (bias != null) {
            memory.put(DNNL_ARG_BIAS, bias);
        }
        return call(desc, memory, scratchpad, Math.max(1, dnnl_memory_desc_get_size(scratch)));
    }

    private Call call(
            dnnl_primitive_desc desc, Map<Integer, dnnl_memory> memory, dnnl_memory scratchpad, long scratchBytes) {
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
        return new Call(primitive, stream, arguments, i, scratchpad, scratchBytes);
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
