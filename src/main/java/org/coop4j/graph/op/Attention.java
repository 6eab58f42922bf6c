package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.RoundedAttention;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionLayout.Queries;
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
public final class Attention extends GraphOp {

    private final AttentionLayout layout;
    private AttentionMath math; // null until it is needed

    /** True if a gradient reads the probabilities. */
    private boolean differentiated;

    /** Attention in which every row of {@code qkv} is a query. */
    public Attention(SameDiff sd, AttentionLayout layout, SDVariable qkv) {
        super(sd, qkv);
        if (layout.queries() != Queries.ALL) {
            throw new IllegalArgumentException("packed qkv needs queries ALL");
        }
        this.layout = layout;
    }

    /** Attention in which one row of each sequence is a query. */
    public Attention(SameDiff sd, AttentionLayout layout, SDVariable q, SDVariable kv) {
        super(sd, q, kv);
        if (layout.queries() == Queries.ALL) {
            throw new IllegalArgumentException("separate queries need queries FIRST or LAST");
        }
        this.layout = layout;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] rows = in.get(in.size() - 1);
        if (rows[0] != layout.rows()) {
            throw new IllegalArgumentException("attention: expected " + layout.rows() + " rows, got " + rows[0]);
        }
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
                ? RoundedAttention.kernel(
                        in[0], layout.heads(), layout.groups().get(0).length(), out[0], workers)
                : AttentionKernel.forward(layout, in, out[0], out[1], workers);
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
            return layout.queries() == Queries.ALL ? 1 : 2;
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
            return AttentionKernel.gradient(layout, in, out, workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * layout.flops(in.get(0)[1]);
        }
    }
}
