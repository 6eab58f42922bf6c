package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
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
        Arrays.setAll(each, part -> Head.of(oneDnn, qkv, heads, length, out));
        Workers.Task task = (part, i) -> each[part].run(i / heads * length, length, i % heads, workers, part);
        int tasks = qkv.rows() / length * heads;
        return HostKernel.owning(() -> workers.each(tasks, task), oneDnn::close);
    }

    /** Attention of one head in one sequence at a time: softmax(q · kᵀ / √(width of a head)) · v. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Head(HostMatrix qkv, HostMatrix out, int width, dnnl_memory[] operands, OneDnn.Call[] calls) {

        static Head of(OneDnn oneDnn, HostMatrix qkv, int heads, int length, HostMatrix out) {
            int width = out.cols() / heads;
            int rows = qkv.cols();
            dnnl_memory_desc q = oneDnn.strided(dnnl_bf16, new long[] {length, width}, new long[] {rows, 1});
            dnnl_memory_desc k = oneDnn.strided(dnnl_bf16, new long[] {width, length}, new long[] {1, rows});
            dnnl_memory_desc scores = oneDnn.matrix(dnnl_f32, length, length, false);
            dnnl_memory_desc p = oneDnn.matrix(dnnl_bf16, length, length, false);
            int type = out.isRounded() ? dnnl_bf16 : dnnl_f32;
            dnnl_memory_desc y = oneDnn.strided(type, new long[] {length, width}, new long[] {out.cols(), 1});
            dnnl_memory[] m = Stream.of(q, k, q, y, scores, p)
                    .map(desc -> oneDnn.memory(desc, null))
                    .toArray(dnnl_memory[]::new);
            OneDnn.Function scale = new OneDnn.Function(dnnl_eltwise_linear, (float) (1 / Math.sqrt(width)));
            return new Head(qkv, out, width, m, new OneDnn.Call[] {
                oneDnn.layer(oneDnn.product(q, k, null, scale, null, scores), m[0], m[1], null, m[4]),
                oneDnn.softmax(scores, m[4], p, m[5]),
                oneDnn.layer(oneDnn.product(p, q, null, null, null, y), m[5], m[2], null, m[3])
            });
        }

        void run(int row, int length, int head, Workers workers, int part) {
            long half = NativeMemory.wholeLines((long) length * length * Short.BYTES);
            long own = Arrays.stream(calls)
                    .mapToLong(OneDnn.Call::scratchBytes)
                    .max()
                    .orElseThrow();
            BytePointer scratch = workers.scratch(part, 3 * half + own);
            for (int i = 0; i < 3; i++) { // queries, keys and values
                OneDnn.place(operands[i], qkv.pointer(row, (long) i * out.cols() + (long) head * width));
            }
            OneDnn.place(operands[3], out.pointer(row, (long) head * width));
            OneDnn.place(operands[4], scratch.getPointer(half)); // scores, twice as long as the probabilities
            OneDnn.place(operands[5], scratch);
            OneDnn.singleThreaded(() -> {
                for (OneDnn.Call call : calls) {
                    call.run(scratch.getPointer(3 * half));
                }
            });
        }
    }
}
