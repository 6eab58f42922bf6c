package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Causal multi-head attention over sequences whose lengths are given at each run.
 *
 * <p>Inputs: qkv [rows, 3 · width] where every row asks, or q [sequences, width] and kv [rows, 2 ·
 * width] where the last row of each sequence asks; then starts [sequences + 1], row numbers held as
 * floats: sequence s is rows starts[s] to starts[s + 1]. A row sees its own sequence up to itself.
 * Rows from starts[sequences] on belong to no sequence: their output and their gradient are zero,
 * so that one graph serves every batch that has room in it.
 *
 * <p>Outputs: [queries, width], and the attention probabilities, which the gradient reads: a
 * sequence's [heads, queries, keys] begins at heads · longest · (its first query row).
 */
public final class RaggedAttention extends GraphOp {

    private final int heads;
    private final int longest;

    /**
     * Every row is a query.
     *
     * @param longest rows of the longest sequence that will ever be given
     */
    public RaggedAttention(SameDiff sd, int heads, int longest, SDVariable qkv, SDVariable starts) {
        super(sd, qkv, starts);
        this.heads = heads;
        this.longest = longest;
    }

    /** The last row of each sequence is a query. */
    public RaggedAttention(SameDiff sd, int heads, int longest, SDVariable q, SDVariable kv, SDVariable starts) {
        super(sd, q, kv, starts);
        this.heads = heads;
        this.longest = longest;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        boolean packed = in.size() == 2;
        long width = packed ? in.get(0)[1] / 3 : in.get(0)[1];
        long queries = in.get(0)[0];
        if (!packed && queries != in.get(2)[0] - 1) {
            throw new IllegalArgumentException(queries + " queries for " + (in.get(2)[0] - 1) + " sequences");
        }
        long probabilities = Math.multiplyExact(queries, (long) heads * longest);
        return List.of(new long[] {queries, width}, new long[] {probabilities});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        RaggedAttentionMath.forward(heads, longest, in, out[0], out[1]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return new RaggedAttentionKernel(RaggedOperands.of(heads, longest, in), out[0], out[1], workers);
    }

    @Override
    public long flops(List<long[]> in) {
        return flops(in, longest);
    }

    /** Returns an upper bound: lengths are not known before the run. */
    private static long flops(List<long[]> in, int longest) {
        long width = in.size() == 2 ? in.get(0)[1] / 3 : in.get(0)[1];
        return 4 * in.get(0)[0] * longest * width;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] inputs = beforeInputs(gradients.get(0), outputVariables()[1]);
        return List.of(new InputGradient(sameDiff, heads, longest, inputs).outputVariables());
    }

    /** dqkv, or dq and dkv, from the gradient of the output and the stored probabilities. */
    private static final class InputGradient extends GraphOp {

        private final int heads;
        private final int longest;

        /**
         * @param inputs gradient of the output, probabilities, then the forward op's inputs
         */
        InputGradient(SameDiff sd, int heads, int longest, SDVariable... inputs) {
            super(sd, inputs);
            this.heads = heads;
            this.longest = longest;
        }

        @Override
        public int getNumOutputs() {
            return args().length - 3;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(2, in.size() - 1);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            RaggedAttentionMath.backward(heads, longest, in, out);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            RaggedOperands forward = RaggedOperands.of(heads, longest, Arrays.copyOfRange(in, 2, in.length));
            return new RaggedAttentionGradientKernel(forward, in[0], in[1], out, workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * RaggedAttention.flops(in.subList(2, in.size()), longest);
        }
    }
}
