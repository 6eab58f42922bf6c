package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.BytePointer;

/**
 * A tower's layers between its bfloat16 products, by oneDNN: several times as fast as loops in Java, and able to read
 * and write rounded matrices. In float32, loops in Java give the bits that results are compared with.
 */
public final class TowerLayers {

    private TowerLayers() {}

    /** Plans the layer norm of each row, from float32. */
    public static HostKernel layerNorm(
            HostMatrix x, HostMatrix gain, HostMatrix bias, double epsilon, HostMatrix y, Workers workers) {
        OneDnn oneDnn = new OneDnn();
        return oneDnn.byRows(
                x.rows(),
                workers,
                (row, rows) ->
                        OneDnn.Share.of(oneDnn.layerNorm(x, gain, bias, (float) epsilon, y, row, rows)));
    }

    /** Plans y = function(x), element by element. */
    public static HostKernel activation(OneDnn.Function function, HostMatrix x, HostMatrix y, Workers workers) {
        OneDnn oneDnn = new OneDnn();
        return oneDnn.byRows(
                x.rows(), workers, (row, rows) -> OneDnn.Share.of(oneDnn.function(function, x, y, row, rows)));
    }

    /** Plans dx = dy · function′(x), element by element. */
    public static HostKernel activationGradient(
            OneDnn.Function function, HostMatrix dy, HostMatrix x, HostMatrix dx, Workers workers) {
        OneDnn oneDnn = new OneDnn();
        return oneDnn.byRows(
                x.rows(), workers, (row, rows) -> OneDnn.Share.of(oneDnn.derivative(function, dy, x, dx, row, rows)));
    }

    /**
     * Plans attention among sequences of one length in which every row sees every other, with its factors in bfloat16 and the
     * softmax in float32.
     *
     * @param qkv rounded, [rows, 3 · width]
     * @param out [rows, width]
     */
    public static HostKernel attention(HostMatrix qkv, int heads, int length, HostMatrix out, Workers workers) {
        OneDnn oneDnn = new OneDnn();
        Head[] each = new Head[workers.count()];
        for (int part = 0; part < each.length; part++) {
            each[part] = new Head(oneDnn, qkv, heads, length, out);
        }
        Workers.Task task = (part, i) -> {
            BytePointer scratch = workers.scratch(part, each[part].scratchBytes);
            OneDnn.singleThreaded(() -> each[part].run(i / heads * length, i % heads, scratch));
        };
        int tasks = qkv.rows() / length * heads;
        return HostKernel.owning(() -> workers.each(tasks, task), oneDnn::close);
    }

    /** Attention of one head in one sequence at a time: softmax(q · kᵀ / √(width of a head)) · v. */
    private static final class Head {

        private final HostMatrix qkv;
        private final HostMatrix out;
        private final int width;
        private final int headWidth;
        private final dnnl_memory q;
        private final dnnl_memory k;
        private final dnnl_memory v;
        private final dnnl_memory scores;
        private final dnnl_memory probabilities;
        private final dnnl_memory result;
        private final OneDnn.Call scoring;
        private final OneDnn.Call softmax;
        private final OneDnn.Call mixing;
        private final long scoresEnd;
        private final long probabilitiesEnd;
        private final long scratchBytes;

        Head(OneDnn oneDnn, HostMatrix qkv, int heads, int length, HostMatrix out) {
            this.qkv = qkv;
            this.out = out;
            width = out.cols();
            headWidth = width / heads;
            long[] rows = {length, headWidth};
            dnnl_memory_desc band = oneDnn.strided(dnnl_bf16, rows, new long[] {qkv.cols(), 1});
            dnnl_memory_desc transposed =
                    oneDnn.strided(dnnl_bf16, new long[] {headWidth, length}, new long[] {1, qkv.cols()});
            dnnl_memory_desc exact = oneDnn.matrix(dnnl_f32, length, length, false);
            dnnl_memory_desc half = oneDnn.matrix(dnnl_bf16, length, length, false);
            dnnl_memory_desc target =
                    oneDnn.strided(out.isRounded() ? dnnl_bf16 : dnnl_f32, rows, new long[] {width, 1});
            q = oneDnn.memory(band, null);
            k = oneDnn.memory(transposed, null);
            v = oneDnn.memory(band, null);
            scores = oneDnn.memory(exact, null);
            probabilities = oneDnn.memory(half, null);
            result = oneDnn.memory(target, null);
            OneDnn.Function scale = new OneDnn.Function(dnnl_eltwise_linear, (float) (1 / Math.sqrt(headWidth)));
            scoring = oneDnn.layer(oneDnn.product(band, transposed, null, scale, null, exact), q, k, null, scores);
            softmax = oneDnn.softmax(exact, scores, half, probabilities);
            mixing = oneDnn.layer(
                    oneDnn.product(half, band, null, null, null, target), probabilities, v, null, result);
            scoresEnd = NativeMemory.wholeLines((long) length * length * Float.BYTES);
            probabilitiesEnd = scoresEnd + NativeMemory.wholeLines((long) length * length * Short.BYTES);
            scratchBytes = probabilitiesEnd
                    + Math.max(scoring.scratchBytes(), Math.max(softmax.scratchBytes(), mixing.scratchBytes()));
        }

        void run(int row, int head, BytePointer scratch) {
            int column = head * headWidth;
            OneDnn.place(q, qkv.pointer(row, column));
            OneDnn.place(k, qkv.pointer(row, column + width));
            OneDnn.place(v, qkv.pointer(row, column + 2 * width));
            OneDnn.place(scores, scratch);
            OneDnn.place(probabilities, scratch.getPointer(scoresEnd));
            OneDnn.place(result, out.pointer(row, column));
            BytePointer free = scratch.getPointer(probabilitiesEnd);
            scoring.run(free);
            softmax.run(free);
            mixing.run(free);
        }
    }
}
