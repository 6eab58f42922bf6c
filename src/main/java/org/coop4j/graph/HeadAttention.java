package org.coop4j.graph;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;

import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Workers;

/**
 * Attention and its gradient by oneDNN, of one head in one sequence at a time. It is for sequences of one length in which
 * every row sees every other; {@link AttentionKernel} has all other layouts.
 */
final class HeadAttention {

    private final OneDnn oneDnn;
    private final Workers workers;
    private final HostMatrix qkv;
    private final int heads;
    private final int length;
    private final int width; // of a head
    private final long squareBytes;
    private final OneDnn.Function scale;

    private HeadAttention(OneDnn oneDnn, AttentionLayout layout, HostMatrix qkv, Workers workers) {
        this.oneDnn = oneDnn;
        this.workers = workers;
        this.qkv = qkv;
        this.heads = layout.heads();
        this.length = layout.groups().get(0).length();
        this.width = qkv.cols() / (3 * heads);
        this.squareBytes = NativeMemory.wholeLines((long) length * length * Float.BYTES);
        this.scale = new OneDnn.Function(dnnl_eltwise_linear, (float) (1 / Math.sqrt(width)));
    }

    /**
     * Plans softmax(q · kᵀ / √(width of a head)) · v; the softmax is in float32.
     *
     * @param qkv [rows, 3 · width], may be rounded
     * @param out [rows, width]
     * @param probabilities [heads, rows, length], written for the gradient; null for none
     */
    static HostKernel forward(
            AttentionLayout layout, HostMatrix qkv, HostMatrix out, HostMatrix probabilities, Workers workers) {
        return kernel(layout, qkv, workers, attention -> attention.forward(out, probabilities));
    }

    /**
     * Plans dv = pᵀ · dout, ds = p ∘ (dout · vᵀ − Σ), dq = ds · k / √(width of a head) and dk = dsᵀ · q / √(width of a
     * head).
     *
     * @param dout [rows, width]
     * @param probabilities as {@link #forward} wrote them
     * @param dqkv [rows, 3 · width], the result
     */
    static HostKernel gradient(
            AttentionLayout layout,
            HostMatrix dout,
            HostMatrix probabilities,
            HostMatrix qkv,
            HostMatrix dqkv,
            Workers workers) {
        return kernel(layout, qkv, workers, attention -> attention.gradient(dout, probabilities, dqkv));
    }

    /** The work of one worker on a head of the sequence of a number. */
    @FunctionalInterface
    private interface Head {
        void run(int part, int sequence, int head);
    }

    @FunctionalInterface
    private interface Plan {
        Head of(HeadAttention attention);
    }

    private static HostKernel kernel(AttentionLayout layout, HostMatrix qkv, Workers workers, Plan plan) {
        OneDnn oneDnn = new OneDnn();
        Head[] each = new Head[workers.count()];
        for (int part = 0; part < each.length; part++) {
            each[part] = plan.of(new HeadAttention(oneDnn, layout, qkv, workers));
        }
        int heads = layout.heads();
        int tasks = layout.rows() / layout.groups().get(0).length() * heads;
        Workers.Task task = (part, i) -> each[part].run(part, i / heads, i % heads);
        return HostKernel.owning(() -> workers.each(tasks, task), oneDnn::close);
    }

    private Head forward(HostMatrix out, HostMatrix probabilities) {
        data_type factors = type(qkv);
        memory q = band(factors, qkv);
        memory k = transposed(factors, qkv);
        memory v = band(factors, qkv);
        memory scores = square(data_type.f32);
        memory p = square(factors);
        memory y = band(type(out), out);
        List<OneDnn.Call> calls = List.of(
                oneDnn.product(q, k, null, null, scale, null, scores),
                oneDnn.softmax(scores, p),
                oneDnn.product(p, v, null, null, null, null, y));
        return (part, sequence, head) -> {
            Pointer[] squares = scratch(part, 2, calls);
            point(List.of(q, k, v), qkv, sequence, head);
            point(List.of(y), out, sequence, head);
            scores.set_data_handle(squares[0]);
            p.set_data_handle(probabilities == null ? squares[1] : square(probabilities, sequence, head));
            run(calls, squares[2]);
        };
    }

    private Head gradient(HostMatrix dout, HostMatrix probabilities, HostMatrix dqkv) {
        memory q = band(data_type.f32, qkv);
        memory k = band(data_type.f32, qkv);
        memory v = transposed(data_type.f32, qkv);
        memory dy = band(data_type.f32, dout);
        memory p = square(data_type.f32);
        memory pTransposed = oneDnn.array(data_type.f32, null, new long[] {length, length}, 1, length);
        memory ds = square(data_type.f32);
        memory dsTransposed = oneDnn.array(data_type.f32, null, new long[] {length, length}, 1, length);
        memory dq = band(data_type.f32, dqkv);
        memory dk = band(data_type.f32, dqkv);
        memory dv = band(data_type.f32, dqkv);
        List<OneDnn.Call> calls = List.of(
                oneDnn.product(dy, v, null, null, null, null, ds),
                oneDnn.softmaxGradient(p, ds),
                oneDnn.product(ds, k, null, null, scale, null, dq),
                oneDnn.product(dsTransposed, q, null, null, scale, null, dk),
                oneDnn.product(pTransposed, dy, null, null, null, null, dv));
        return (part, sequence, head) -> {
            Pointer[] squares = scratch(part, 1, calls);
            point(List.of(q, k, v), qkv, sequence, head);
            point(List.of(dy), dout, sequence, head);
            point(List.of(dq, dk, dv), dqkv, sequence, head);
            p.set_data_handle(square(probabilities, sequence, head));
            pTransposed.set_data_handle(square(probabilities, sequence, head));
            ds.set_data_handle(squares[0]);
            dsTransposed.set_data_handle(squares[0]);
            run(calls, squares[1]);
        };
    }

    private static data_type type(HostMatrix matrix) {
        return matrix.isRounded() ? data_type.bf16 : data_type.f32;
    }

    /** Returns a head's columns of a sequence's rows, [length, width]. */
    private memory band(data_type type, HostMatrix matrix) {
        return oneDnn.array(type, null, new long[] {length, width}, matrix.cols(), 1);
    }

    private memory transposed(data_type type, HostMatrix matrix) {
        return oneDnn.array(type, null, new long[] {width, length}, 1, matrix.cols());
    }

    private memory square(data_type type) {
        return oneDnn.array(type, null, new long[] {length, length}, length, 1);
    }

    /** Points at a head's columns of a sequence's rows: in qkv, those of q, k and v, each with all heads side by side. */
    private void point(List<memory> bands, HostMatrix matrix, int sequence, int head) {
        for (int i = 0; i < bands.size(); i++) {
            long column = (long) (i * heads + head) * width;
            bands.get(i).set_data_handle(matrix.pointer((long) sequence * length, column));
        }
    }

    /** Returns the address of a head's probabilities, [length, length]. */
    private Pointer square(HostMatrix probabilities, int sequence, int head) {
        long sequences = qkv.rows() / length;
        return probabilities.pointer(0, (head * sequences + sequence) * length * length);
    }

    /** Returns the addresses of {@code count} squares in a worker's memory, and of the calls' own. */
    private Pointer[] scratch(int part, int count, List<OneDnn.Call> calls) {
        long own = calls.stream().mapToLong(call -> call.scratchBytes).max().orElseThrow();
        BytePointer memory = workers.scratch(part, count * squareBytes + own);
        Pointer[] addresses = new Pointer[count + 1];
        for (int i = 0; i <= count; i++) {
            addresses[i] = memory.getPointer(i * squareBytes);
        }
        return addresses;
    }

    private static void run(List<OneDnn.Call> calls, Pointer scratch) {
        OneDnn.singleThreaded(() -> calls.forEach(call -> call.run(scratch)));
    }
}
