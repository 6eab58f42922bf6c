package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Multi-head scaled dot-product attention over packed rows, between the input and the output
 * projection of {@code nn.MultiheadAttention}.
 *
 * <p>Inputs: qkv [rows, 3 · width] where every row asks; or q [queries, width] and kv [rows, 2 ·
 * width] where one row of each sequence asks. Outputs: [queries, width], and the attention
 * probabilities, which the gradient reads: for each block of the layout [heads, query rows, keys],
 * flat. Each head is 1/heads of the width; scores are divided by √(width / heads).
 */
public final class Attention extends GraphOp {

    public Attention() {}

    /** Every row of {@code qkv} asks. */
    public Attention(SameDiff sd, AttentionLayout layout, SDVariable qkv) {
        super(sd, qkv);
        if (layout.queries() != Queries.ALL) {
            throw new IllegalArgumentException("packed qkv needs queries ALL");
        }
        addIArgument(layout.toSettings());
        addSArgument(layout.queries().name());
    }

    /** One row of each sequence asks. */
    public Attention(SameDiff sd, AttentionLayout layout, SDVariable q, SDVariable kv) {
        super(sd, q, kv);
        if (layout.queries() == Queries.ALL) {
            throw new IllegalArgumentException("separate queries need queries FIRST or LAST");
        }
        addIArgument(layout.toSettings());
        addSArgument(layout.queries().name());
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        AttentionLayout layout = AttentionLayout.of(this);
        long[] rows = in.get(in.size() - 1);
        if (rows[0] != layout.rows()) {
            throw new IllegalArgumentException(
                    "attention over " + layout.rows() + " rows given " + rows[0]);
        }
        long width = in.size() == 1 ? rows[1] / 3 : in.get(0)[1];
        return List.of(new long[] {layout.queryRows(), width}, new long[] {layout.probabilities()});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        try (AttentionMath math = new AttentionMath(AttentionLayout.of(this))) {
            math.forward(in, out[0], out[1]);
        }
    }

    @Override
    public HostKernel portableKernel(INDArray[] in, INDArray[] out) {
        AttentionMath math = new AttentionMath(AttentionLayout.of(this));
        return new HostKernel() {
            @Override
            public void run() {
                math.forward(in, out[0], out[1]);
            }

            @Override
            public void close() {
                math.close();
            }
        };
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return new AttentionKernel(AttentionLayout.of(this), in, out[0], out[1], workers);
    }

    @Override
    public long flops(List<long[]> in) {
        long width = in.size() == 1 ? in.get(0)[1] / 3 : in.get(0)[1];
        return AttentionLayout.of(this).flops((int) width);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] inputs = beforeInputs(gradients.get(0), outputVariables()[1]);
        return List.of(
                new InputGradient(sameDiff, AttentionLayout.of(this), inputs).outputVariables());
    }

    /** dqkv, or dq and dkv, from the gradient of the output and the stored probabilities. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        /**
         * @param inputs gradient of the output, probabilities, then the forward op's inputs
         */
        InputGradient(SameDiff sd, AttentionLayout layout, SDVariable... inputs) {
            super(sd, inputs);
            addIArgument(layout.toSettings());
            addSArgument(layout.queries().name());
        }

        @Override
        public int getNumOutputs() {
            return AttentionLayout.of(this).queries() == Queries.ALL ? 1 : 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(2, in.size());
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            AttentionMath.backward(AttentionLayout.of(this), in, out);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return new AttentionGradientKernel(AttentionLayout.of(this), in, out, workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * AttentionLayout.of(this).flops((int) in.get(0)[1]);
        }
    }
}
