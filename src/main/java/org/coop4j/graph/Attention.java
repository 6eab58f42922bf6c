package org.coop4j.graph;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.BytePointer;
import org.coop4j.base.Require;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Multi-head scaled dot-product attention over packed rows, between the input and the output projection of {@code
 * nn.MultiheadAttention}.
 *
 * <p>Inputs: qkv [rows, 3 · width] if every row is a query, or q [queries, width] and kv [rows, 2 · width] if one row
 * of each sequence is. Outputs: [queries, width], and the attention probabilities, which the gradient reads, flat: for
 * each block of the layout [heads, query rows, keys]. Each head is 1/heads of the width; scores are divided by √(width
 * / heads).
 */
final class Attention extends GraphOp {

    private final AttentionLayout layout;
    private AttentionMath math; // null until it is needed

    /** True if a gradient reads the probabilities. */
    private boolean differentiated;

    /**
     * @param inputs qkv, or q and kv if one row of each sequence is a query
     */
    public Attention(SameDiff sd, AttentionLayout layout, SDVariable... inputs) {
        super(sd, inputs);
        Require.that(
                (layout.queries() == Queries.ALL) == (inputs.length == 1),
                "expected packed qkv for queries ALL, and q and kv for FIRST or LAST, got %s",
                layout.queries());
        this.layout = layout;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] rows = in.get(in.size() - 1);
        Require.that(rows[0] == layout.rows(), "attention: expected %s rows, got %s", layout.rows(), rows[0]);
        return List.of(new long[] {layout.queryRows(), width(in)}, new long[] {layout.probabilities()});
    }

    private static long width(List<long[]> in) {
        return in.size() == 1 ? in.get(0)[1] / 3 : in.get(0)[1];
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (math == null) {
            math = new AttentionMath(layout);
        }
        math.forward(in, out[0], out[1]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return in[0].isRounded()
                ? rounded(in[0], layout.heads(), layout.groups().get(0).length(), out[0], workers)
                : new AttentionKernel(layout, in, null, out[0], out[1], workers);
    }

    /**
     * Plans attention by oneDNN, with factors of bfloat16 and the softmax in float32, among sequences of one length in
     * which every row sees every other.
     *
     * @param qkv rounded, [rows, 3 · width]
     * @param out [rows, width]
     */
    private static HostKernel rounded(HostMatrix qkv, int heads, int length, HostMatrix out, Workers workers) {
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

    @Override
    public boolean mayReadRounded(int input) {
        return layout.isUniform() && !differentiated;
    }

    @Override
    public boolean mayWriteRounded(boolean fromRounded) {
        return fromRounded && mayReadRounded(0);
    }

    @Override
    public long flops(List<long[]> in) {
        return layout.flops(width(in));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        differentiated = true;
        SDVariable[] inputs = beforeInputs(gradients.get(0), outputVariables()[1]);
        return List.of(new InputGradient(sameDiff, layout, inputs).outputVariables());
    }

    /** dqkv, or dq and dkv, from the gradient of the output and the stored probabilities. */
    private static final class InputGradient extends GraphOp {

        private final AttentionLayout layout;

        /**
         * @param inputs gradient of the output, probabilities, then the forward op's inputs
         */
        InputGradient(SameDiff sd, AttentionLayout layout, SDVariable... inputs) {
            super(sd, inputs);
            this.layout = layout;
        }

        @Override
        public int getNumOutputs() {
            return args().length - 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(2, in.size());
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            AttentionMath.backward(layout, in, out);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix[] qkv = Arrays.copyOfRange(in, 2, in.length);
            return new AttentionKernel(layout, qkv, out, in[0], in[1], workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * layout.flops(in.get(0)[1]);
        }
    }
}
