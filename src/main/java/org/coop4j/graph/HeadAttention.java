package org.coop4j.graph;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;

/**
 * Attention and its gradient by oneDNN, of one head in one sequence at a time. It is for sequences of one length in which
 * every row sees every other; {@link AttentionKernel} has all other layouts.
 *
 * <p>The factors of the products are rounded in bfloat16, the probabilities with them. Sums, the softmax and its gradient
 * are in float32.
 */
final class HeadAttention {

    private final OneDnn oneDnn;
    private final HostMatrix qkv;
    private final int heads;
    private final int length;
    private final int width; // of a head
    private final data_type factors;
    private final OneDnn.Function scale;

    /** The arrays of a head, whose addresses each task sets. */
    private final List<Place> places = new ArrayList<>();

    /** Primitives of a task, in order. */
    private final List<OneDnn.Call> calls = new ArrayList<>();

    /** Bytes of the arrays that are the worker's own. */
    private long ownBytes;

    private HeadAttention(Precision precision, OneDnn oneDnn, AttentionLayout layout, HostMatrix qkv) {
        this.oneDnn = oneDnn;
        this.qkv = qkv;
        this.heads = layout.heads();
        this.length = layout.groups().get(0).length();
        this.width = qkv.cols() / (3 * heads);
        this.factors = precision == Precision.BFLOAT16 ? data_type.bf16 : data_type.f32;
        this.scale = new OneDnn.Function(dnnl_eltwise_linear, (float) (1 / Math.sqrt(width)));
    }

    /**
     * Plans softmax(q · kᵀ / √(width of a head)) · v.
     *
     * @param qkv [rows, 3 · width]
     * @param out [rows, width]
     * @param probabilities [heads, rows, length], written for the gradient; null for none
     */
    static HostKernel forward(
            Precision precision,
            AttentionLayout layout,
            HostMatrix qkv,
            HostMatrix out,
            HostMatrix probabilities,
            Workers workers) {
        return kernel(precision, layout, qkv, workers, attention -> attention.forward(out, probabilities));
    }

    /**
     * Plans dv = pᵀ · dout, ds = p ∘ (dout · vᵀ − Σ), dq = ds · k / √(width of a head) and dk = dsᵀ · q / √(width of a
     * head).
     *
     * @param dout [rows, width]
     * @param probabilities as {@link #forward} wrote them in the same precision
     * @param dqkv [rows, 3 · width], the result
     */
    static HostKernel gradient(
            Precision precision,
            AttentionLayout layout,
            HostMatrix dout,
            HostMatrix probabilities,
            HostMatrix qkv,
            HostMatrix dqkv,
            Workers workers) {
        return kernel(precision, layout, qkv, workers, attention -> attention.gradient(dout, probabilities, dqkv));
    }

    private static HostKernel kernel(
            Precision precision,
            AttentionLayout layout,
            HostMatrix qkv,
            Workers workers,
            Consumer<HeadAttention> plan) {
        OneDnn oneDnn = new OneDnn();
        HeadAttention[] each = new HeadAttention[workers.count()];
        for (int part = 0; part < each.length; part++) {
            each[part] = new HeadAttention(precision, oneDnn, layout, qkv);
            plan.accept(each[part]);
        }
        int heads = layout.heads();
        long bytes = each[0].scratchBytes();
        int tasks = layout.rows() / layout.groups().get(0).length() * heads;
        Workers.Task task = (part, i) -> each[part].run(workers.scratch(part, bytes), i / heads, i % heads);
        return HostKernel.owning(() -> workers.each(tasks, task), oneDnn::close);
    }

    private void forward(HostMatrix out, HostMatrix probabilities) {
        Place q = factor(qkv, 0);
        Place k = factor(qkv, 1);
        Place v = factor(qkv, 2);
        Place scores = own(data_type.f32, length);
        Place p = probabilities == null ? own(factors, length) : square(probabilities);
        product(q.rows(), k.columns(), scale, scores);
        calls.add(oneDnn.softmax(scores.rows(), p.rows()));
        product(p.rows(), v.rows(), null, band(out, 0));
    }

    private void gradient(HostMatrix dout, HostMatrix probabilities, HostMatrix dqkv) {
        Place q = factor(qkv, 0);
        Place k = factor(qkv, 1);
        Place v = factor(qkv, 2);
        Place dy = factor(dout, 0);
        Place p = square(probabilities);
        Place exact = as(data_type.f32, p);
        Place dp = own(data_type.f32, length);
        Place ds = factors == data_type.f32 ? dp : own(factors, length);
        product(dy.rows(), v.columns(), null, dp);
        calls.add(oneDnn.softmaxGradient(exact.rows(), dp.rows(), ds.rows()));
        product(ds.rows(), k.rows(), scale, band(dqkv, 0));
        product(ds.columns(), q.rows(), scale, band(dqkv, 1));
        product(p.columns(), dy.rows(), null, band(dqkv, 2));
    }

    private void product(memory x, memory w, OneDnn.Function function, Place y) {
        calls.add(oneDnn.product(x, w, null, null, function, null, y.rows()));
    }

    /** An array of a head, [length, columns], in either order of its axes. */
    private final class Place {

        private final data_type type;
        private final int cols;
        private final int ld;
        private final Address address;
        private final List<memory> views = new ArrayList<>();

        Place(data_type type, int cols, int ld, Address address) {
            this.type = type;
            this.cols = cols;
            this.ld = ld;
            this.address = address;
            places.add(this);
        }

        memory rows() {
            return view(new long[] {length, cols}, ld, 1);
        }

        memory columns() {
            return view(new long[] {cols, length}, 1, ld);
        }

        private memory view(long[] sizes, long... strides) {
            memory view = oneDnn.array(type, null, sizes, strides);
            views.add(view);
            return view;
        }
    }

    /** Finds an array of a head in a sequence. */
    @FunctionalInterface
    private interface Address {
        Pointer of(BytePointer scratch, int sequence, int head);
    }

    /**
     * Returns a head's columns of a sequence's rows.
     *
     * @param index of q, k and v, which have all heads side by side
     */
    private Place band(HostMatrix matrix, int index) {
        data_type type = matrix.isRounded() ? data_type.bf16 : data_type.f32;
        return new Place(
                type,
                width,
                matrix.cols(),
                (scratch, sequence, head) ->
                        matrix.pointer((long) sequence * length, (long) (index * heads + head) * width));
    }

    /** Returns the same as a factor. */
    private Place factor(HostMatrix matrix, int index) {
        return as(factors, band(matrix, index));
    }

    /** Returns an array in a type: itself, or a copy. */
    private Place as(data_type type, Place given) {
        if (given.type == type) {
            return given;
        }
        Place copy = own(type, given.cols);
        calls.add(oneDnn.copy(given.rows(), copy.rows()));
        return copy;
    }

    private Place own(data_type type, int cols) {
        long from = ownBytes;
        ownBytes += NativeMemory.wholeLines((long) length * cols * Float.BYTES);
        return new Place(type, cols, cols, (scratch, sequence, head) -> scratch.getPointer(from));
    }

    /** Returns a head's probabilities. */
    private Place square(HostMatrix probabilities) {
        HostMatrix matrix =
                factors == data_type.f32 ? probabilities : probabilities.rounded(heads * qkv.rows(), length);
        long sequences = qkv.rows() / length;
        return new Place(
                factors,
                length,
                length,
                (scratch, sequence, head) -> matrix.pointer(0, (head * sequences + sequence) * length * length));
    }

    private long scratchBytes() {
        return ownBytes
                + calls.stream().mapToLong(call -> call.scratchBytes).max().orElseThrow();
    }

    private void run(BytePointer scratch, int sequence, int head) {
        for (Place place : places) {
            Pointer address = place.address.of(scratch, sequence, head);
            place.views.forEach(view -> view.set_data_handle(address));
        }
        Pointer shared = scratch.getPointer(ownBytes);
        OneDnn.singleThreaded(() -> calls.forEach(call -> call.run(shared)));
    }
}
