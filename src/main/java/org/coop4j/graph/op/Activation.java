package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** An activation function applied to each element. */
public final class Activation extends GraphOp {

    /** The functions that CLIP's towers and methods' losses use. */
    public enum Kind {
        /** x · sigmoid(1.702 x): OpenAI's models. */
        QUICK_GELU,
        /** x · Φ(x) with the exact normal distribution function: LAION's open_clip models. */
        GELU,
        /** max(x, 0): ModifiedResNet. */
        RELU,
        /** e to the power of x. */
        EXP
    }

    static final double QUICK_GELU_FACTOR = 1.702;

    public Activation() {}

    public Activation(SameDiff sd, Kind kind, SDVariable x) {
        super(sd, x);
        addSArgument(kind.name());
    }

    private static Kind kindOf(GraphOp op) {
        return Kind.valueOf(op.textSetting());
    }

    @Override
    public boolean mayOverwrite(int input) {
        return true;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray x = in[0];
        switch (kindOf(this)) {
            case QUICK_GELU -> x.muli(Transforms.sigmoid(x.mul(QUICK_GELU_FACTOR), false), out[0]);
            case GELU -> x.muli(normalCdf(x), out[0]);
            case RELU -> out[0].assign(Transforms.max(x, 0.0, true));
            case EXP -> out[0].assign(Transforms.exp(x, true));
        }
    }

    /** Φ(x) = (1 + erf(x / √2)) / 2. */
    private static INDArray normalCdf(INDArray x) {
        return Nd4j.getExecutioner().exec(new Erf(x.mul(Math.sqrt(0.5)))).addi(1).muli(0.5);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return RowwiseKernel.of(in, out[0], workers, ActivationRows.values(kindOf(this)));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        // The rectifier's result says as well as its input where it let through, and the
        // exponential's is its derivative; both are kept anyway.
        boolean fromResult = kindOf(this) == Kind.RELU || kindOf(this) == Kind.EXP;
        SDVariable x = fromResult ? outputVariables()[0] : arg(0);
        return List.of(
                new InputGradient(sameDiff, kindOf(this), gradients.get(0), x).outputVariable());
    }

    /** dx = dy · f′(x). */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        InputGradient(SameDiff sd, Kind kind, SDVariable dy, SDVariable x) {
            super(sd, dy, x);
            addSArgument(kind.name());
        }

        @Override
        public boolean mayOverwrite(int input) {
            return true;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray x = in[1];
            INDArray derivative =
                    switch (kindOf(this)) {
                        case QUICK_GELU -> {
                            // s (1 + 1.702 x (1 − s))
                            INDArray scaled = x.mul(QUICK_GELU_FACTOR);
                            INDArray s = Transforms.sigmoid(scaled, true);
                            yield s.rsub(1).muli(scaled).addi(1).muli(s);
                        }
                        case GELU -> {
                            // Φ(x) + x φ(x)
                            INDArray density =
                                    Transforms.exp(x.mul(x).muli(-0.5), false)
                                            .muli(1 / Math.sqrt(2 * Math.PI));
                            yield normalCdf(x).addi(density.muli(x));
                        }
                        case RELU -> x.gt(0).castTo(x.dataType());
                        case EXP -> x;
                    };
            derivative.muli(in[0], out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return RowwiseKernel.of(in, out[0], workers, ActivationRows.gradients(kindOf(this)));
        }
    }
}
