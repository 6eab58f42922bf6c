package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.BytePointer;

/** Attention by oneDNN, with factors of bfloat16 and the softmax in float32. */
public final class RoundedAttention {

    private RoundedAttention() {}

    /**
     * Plans attention among sequences of one length in which every row sees every other.
     *
     * @param qkv rounded, [rows, 3 · width]
     * @param out [rows, width]
     */
    public static HostKernel kernel(HostMatrix qkv, int heads, int length, HostMatrix out, Workers workers) {
        OneDnn oneDnn = new OneDnn();
        Head[] each = new Head[workers.count()];
        Arrays.setAll(each, part -> head(oneDnn, qkv, heads, length, out, workers));
        Workers.Task task = (part, i) -> each[part].run(part, i / heads * length, i % heads);
        int tasks = qkv.rows() / length * heads;
        return HostKernel.owning(() -> workers.each(tasks, task), oneDnn::close);
    }

    /** Attention of a head in the sequence from a row on. */
    private interface Head {
        void run(int part, int row, int head);
    }

    /** Plans softmax(q · kᵀ / √(width of a head)) · v, of one head in one sequence at a time. */
    private static Head head(OneDnn oneDnn, HostMatrix qkv, int heads, int length, HostMatrix out, Workers workers) {
        int width = out.cols() / heads;
        int row = qkv.cols();
        long half = NativeMemory.wholeLines((long) length * length * Short.BYTES);
        long[] head = {length, width};
        long[] square = {length, length};
        memory q = oneDnn.array(data_type.bf16, null, head, row, 1);
        memory k = oneDnn.array(data_type.bf16, null, new long[] {width, length}, 1, row);
        memory v = oneDnn.array(data_type.bf16, null, head, row, 1);
        memory scores = oneDnn.array(data_type.f32, null, square, length, 1);
        memory probabilities = oneDnn.array(data_type.bf16, null, square, length, 1);
        memory y = oneDnn.array(out.isRounded() ? data_type.bf16 : data_type.f32, null, head, out.cols(), 1);
        OneDnn.Function scale = new OneDnn.Function(dnnl_eltwise_linear, (float) (1 / Math.sqrt(width)));
        List<OneDnn.Call> calls = List.of(
                oneDnn.product(q, k, null, null, scale, null, scores),
                oneDnn.softmax(scores, probabilities),
                oneDnn.product(probabilities, v, null, null, null, null, y));
        long own = calls.stream().mapToLong(call -> call.scratchBytes).max().orElseThrow();
        return (part, first, i) -> {
            BytePointer scratch = workers.scratch(part, 3 * half + own);
            long column = (long) i * width;
            q.set_data_handle(qkv.pointer(first, column));
            k.set_data_handle(qkv.pointer(first, out.cols() + column));
            v.set_data_handle(qkv.pointer(first, 2L * out.cols() + column));
            y.set_data_handle(out.pointer(first, column));
            probabilities.set_data_handle(scratch);
            scores.set_data_handle(scratch.getPointer(half)); // twice as long
            OneDnn.singleThreaded(() -> calls.forEach(call -> call.run(scratch.getPointer(3 * half))));
        };
    }
}
