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
        Arrays.setAll(each, part -> new Head(oneDnn, qkv, heads, length, out));
        Workers.Task task = (part, i) -> each[part].run(i / heads * length, i % heads, workers, part);
        int tasks = qkv.rows() / length * heads;
        return HostKernel.owning(() -> workers.each(tasks, task), oneDnn::close);
    }

    /** Attention of one head in one sequence at a time: softmax(q · kᵀ / √(width of a head)) · v. */
    private static final class Head {

        private final HostMatrix qkv;
        private final HostMatrix out;
        private final int width;
        private final long half;
        private final memory[] inputs; // queries, keys and values
        private final memory scores;
        private final memory probabilities;
        private final memory y;
        private final List<OneDnn.Call> calls;

        Head(OneDnn oneDnn, HostMatrix qkv, int heads, int length, HostMatrix out) {
            this.qkv = qkv;
            this.out = out;
            width = out.cols() / heads;
            half = NativeMemory.wholeLines((long) length * length * Short.BYTES);
            int row = qkv.cols();
            long[] head = {length, width};
            long[] square = {length, length};
            memory q = oneDnn.array(data_type.bf16, null, head, row, 1);
            memory k = oneDnn.array(data_type.bf16, null, new long[] {width, length}, 1, row);
            memory v = oneDnn.array(data_type.bf16, null, head, row, 1);
            inputs = new memory[] {q, k, v};
            scores = oneDnn.array(data_type.f32, null, square, length, 1);
            probabilities = oneDnn.array(data_type.bf16, null, square, length, 1);
            y = oneDnn.array(out.isRounded() ? data_type.bf16 : data_type.f32, null, head, out.cols(), 1);
            OneDnn.Function scale = new OneDnn.Function(dnnl_eltwise_linear, (float) (1 / Math.sqrt(width)));
            calls = List.of(
                    oneDnn.product(q, k, null, null, scale, null, scores),
                    oneDnn.softmax(scores, probabilities),
                    oneDnn.product(probabilities, v, null, null, null, null, y));
        }

        void run(int row, int head, Workers workers, int part) {
            long own = calls.stream()
                    .mapToLong(OneDnn.Call::scratchBytes)
                    .max()
                    .orElseThrow();
            BytePointer scratch = workers.scratch(part, 3 * half + own);
            long column = (long) head * width;
            for (int i = 0; i < inputs.length; i++) {
                inputs[i].set_data_handle(qkv.pointer(row, (long) i * out.cols() + column));
            }
            y.set_data_handle(out.pointer(row, column));
            probabilities.set_data_handle(scratch);
            scores.set_data_handle(scratch.getPointer(half)); // twice as long
            OneDnn.singleThreaded(() -> calls.forEach(call -> call.run(scratch.getPointer(3 * half))));
        }
    }
}
