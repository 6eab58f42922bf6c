package org.coop4j.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * The gradient of an op, which has none itself. Its first input is the gradient of the op's result;
 * where the op's inputs follow, the outputs are the gradients of the first of them.
 */
public abstract class GradientOp extends GraphOp {

    /** For cloning; the settings follow. */
    protected GradientOp() {}

    protected GradientOp(SameDiff sd, SDVariable... inputs) {
        super(sd, inputs);
    }

    /** Those of the inputs behind the first. */
    @Override
    public List<long[]> outputShapes(List<long[]> inputShapes) {
        return inputShapes.subList(1, 1 + getNumOutputs());
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        throw new UnsupportedOperationException(opName() + " is a gradient and has none itself");
    }
}
