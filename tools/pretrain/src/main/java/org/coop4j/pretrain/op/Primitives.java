package org.coop4j.pretrain.op;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.dnnl.memory.desc;
import org.bytedeco.dnnl.memory.format_tag;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.graph.host.Gemm.Form;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * A product of factors that change at each run, by primitives of oneDNN.
 *
 * <p>Workers split the rows, each with primitives of its own. The weights are packed once a run, before.
 * Factors may be rounded to bfloat16; sums are float32, and what workers sum up over their rows is added in their order.
 */
final class Primitives {

    private final Deque<Runnable> frees = new ArrayDeque<>();

    /** Matrices whose memory is read or written, which stay reachable. */
    private final List<Pointer> used = new ArrayList<>();

    private final engine processor = owned(new engine(dnnl_cpu, 0));
    private final data_type factors;
    private final Workers workers;
    private final List<Call> first = new ArrayList<>();
    private final List<List<Call>> shares = new ArrayList<>();
    private final List<HostMatrix> parts = new ArrayList<>();

    private Primitives(Precision precision, Workers workers) {
        this.factors = precision == Precision.BFLOAT16 ? data_type.bf16 : data_type.f32;
        this.workers = workers;
    }

    /** Plans the share of {@code count} rows starting at {@code from}; {@code number} is the worker's. */
    @FunctionalInterface
    private interface Share {
        void add(List<Call> calls, int number, int from, int count);
    }

    /** A primitive with the memory that it reads and writes; oneDNN's own scratch memory is that of the planning thread. */
    private final class Call {
        private final primitive compiled;
        private final stream queue = owned(new stream(processor));
        private final IntMemoryMap arguments = owned(new IntMemoryMap());

        Call(primitive_desc_base plan) {
            compiled = owned(new primitive(plan.get()));
            with(DNNL_ARG_SCRATCHPAD, owned(new memory(plan.scratchpad_desc(), processor)));
        }

        Call with(int argument, memory value) {
            if (value != null) {
                arguments.put(argument, value);
            }
            return this;
        }

        void run() {
            compiled.execute(queue, arguments);
        }
    }

    /**
     * Plans C = op(A) · op(B) + bias.
     *
     * @param bias [1, columns of C]; null for none
     */
    static HostKernel product(
            Form form,
            Precision precision,
            HostMatrix a,
            HostMatrix b,
            HostMatrix bias,
            HostMatrix c,
            Workers workers) {
        Primitives p = new Primitives(precision, workers);
        int inner = a.cols();
        int cols = c.cols();
        if (form == Form.TN) {
            return p.sums(a.rows(), c, (calls, number, row, rows) -> {
                memory left = p.factor(calls, p.matrix(a, row, new long[] {a.cols(), rows}, 1, a.cols()));
                memory right = p.factor(calls, p.matrix(b, row, new long[] {rows, cols}, cols, 1));
                calls.add(p.product(left, right, null, p.partOf(c, number, new long[] {a.cols(), cols}, cols, 1)));
            });
        }
        long[] strides = form == Form.NT ? new long[] {1, inner} : new long[] {cols, 1};
        memory given = p.matrix(b, 0, new long[] {inner, cols}, strides);
        memory[] packed = new memory[1];
        return p.split(a.rows(), (calls, number, row, rows) -> {
            memory left = p.factor(calls, p.matrix(a, row, new long[] {rows, inner}, inner, 1));
            memory y = p.matrix(c, row, new long[] {rows, cols}, cols, 1);
            if (packed[0] == null) {
                packed[0] = p.packed(given, p.plan(left, p.any(given), null, y).weights_desc());
            }
            calls.add(p.product(
                    left, packed[0], bias == null ? null : p.matrix(bias, 0, new long[] {1, cols}, cols, 1), y));
        });
    }

    private Call product(memory a, memory b, memory bias, memory c) {
        return new Call(plan(a, b.get_desc(), bias, c))
                .with(DNNL_ARG_SRC, a)
                .with(DNNL_ARG_WEIGHTS, b)
                .with(DNNL_ARG_BIAS, bias)
                .with(DNNL_ARG_DST, c);
    }

    private matmul.primitive_desc plan(memory a, desc b, memory bias, memory c) {
        desc none = new desc();
        return owned(new matmul.primitive_desc(
                processor, a.get_desc(), b, bias == null ? none : bias.get_desc(), c.get_desc(), attributes(), false));
    }

    /** Returns attributes of a primitive that brings its own scratch memory. */
    private primitive_attr attributes() {
        primitive_attr result = owned(new primitive_attr());
        result.set_scratchpad_mode(dnnl_scratchpad_mode_user);
        return result;
    }

    private <P extends Pointer> P owned(P pointer) {
        frees.push(pointer::close);
        return pointer;
    }

    /** Returns the memory of a matrix starting at a row. */
    private memory matrix(HostMatrix matrix, int row, long[] sizes, long... strides) {
        Pointer address = matrix.pointer(row, 0);
        used.add(address);
        return owned(new memory(new desc(sizes, data_type.f32, strides), processor, address));
    }

    /** Returns the place of a worker's sum: the result itself for the first, a matrix of its own for any other. */
    private memory partOf(HostMatrix result, int number, long[] sizes, long... strides) {
        HostMatrix part = number == 0 ? result : HostMatrix.allocate(result.rows(), result.cols());
        if (number > 0) {
            parts.add(part);
            frees.push(part::close);
        }
        return matrix(part, 0, sizes, strides);
    }

    private desc any(memory array) {
        return new desc(array.get_desc().get_dims(), factors, format_tag.any);
    }

    /** Returns a factor, rounded by the worker before it is used if the product is of rounded factors. */
    private memory factor(List<Call> calls, memory given) {
        if (factors == data_type.f32) {
            return given;
        }
        desc layout =
                new desc(given.get_desc().get_dims(), factors, given.get_desc().get_strides());
        memory rounded = owned(new memory(layout, processor));
        calls.add(copy(given, rounded));
        return rounded;
    }

    /** Returns weights in another layout, to which they are brought once a run. */
    private memory packed(memory weights, desc layout) {
        if (weights.get_desc().equals(layout)) {
            return weights;
        }
        memory copy = owned(new memory(layout, processor));
        first.add(copy(weights, copy));
        return copy;
    }

    private Call copy(memory from, memory to) {
        return new Call(owned(new reorder.primitive_desc(from, to, attributes(), false)))
                .with(DNNL_ARG_SRC, from)
                .with(DNNL_ARG_DST, to);
    }

    /** Returns the kernel of which each worker computes some rows of the result. */
    private HostKernel split(int length, Share share) {
        return HostKernel.owning(work(length, share), this::close);
    }

    /** Returns the kernel of which each worker sums up some rows. */
    private HostKernel sums(int length, HostMatrix result, Share share) {
        Runnable work = work(length, share);
        float[] total = new float[result.cols()];
        float[] part = new float[result.cols()];
        Workers.RowRange addParts = (worker, from, to) -> {
            for (int r = from; r < to; r++) {
                addParts(result, r, total, part);
            }
        };
        return HostKernel.owning(
                () -> {
                    work.run();
                    if (!parts.isEmpty()) {
                        addParts.run(0, 0, result.rows());
                    }
                },
                this::close);
    }

    private void addParts(HostMatrix result, int row, float[] total, float[] part) {
        result.getRow(row, total);
        for (HostMatrix other : parts) {
            other.getRow(row, part);
            for (int i = 0; i < total.length; i++) {
                total[i] += part[i];
            }
        }
        result.putRow(row, total);
    }

    private Runnable work(int length, Share share) {
        int count = Math.min(workers.count(), length);
        // A primitive keeps the number of threads for which it was planned.
        singleThreaded(() -> {
            for (int number = 0; number < count; number++) {
                int from = Workers.start(length, number, count);
                List<Call> calls = new ArrayList<>();
                share.add(calls, number, from, Workers.start(length, number + 1, count) - from);
                shares.add(calls);
            }
        });
        return () -> {
            singleThreaded(() -> first.forEach(Call::run));
            workers.run(part -> {
                if (part < shares.size()) {
                    singleThreaded(() -> shares.get(part).forEach(Call::run));
                }
            });
        };
    }

    /** Runs {@code work} with OpenMP on the calling thread alone, then restores its setting. */
    private static void singleThreaded(Runnable work) {
        NativeOps openMp = NativeOpsHolder.getInstance().getDeviceNativeOps();
        int before = openMp.ompGetMaxThreads();
        openMp.setOmpNumThreads(1);
        try {
            work.run();
        } finally {
            openMp.setOmpNumThreads(before);
        }
    }

    private void close() {
        while (!frees.isEmpty()) {
            frees.pop().run();
        }
    }
}
