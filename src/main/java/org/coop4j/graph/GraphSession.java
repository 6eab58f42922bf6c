package org.coop4j.graph;

import java.util.Map;
import java.util.Set;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.InferenceFactory;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.config.ExecutionResult;
import org.nd4j.autodiff.samediff.config.SDValue;
import org.nd4j.autodiff.samediff.internal.FrameIter;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.OpContext;

/** A SameDiff session that also runs ops computed in Java. */
final class GraphSession extends InferenceSession {

    private GraphSession(SameDiff sd) {
        super(sd);
    }

    /** Makes such sessions for every graph. */
    static final class Factory implements InferenceFactory {
        @Override
        public InferenceSession create(SameDiff sd) {
            return new GraphSession(sd);
        }
    }

    @Override
    public ExecutionResult doExec(
            DifferentialFunction op,
            OpContext context,
            FrameIter outputFrame,
            Set<VarId> inputs,
            Set<VarId> allIterationInputs,
            Set<String> constantsAndPlaceholders,
            Map<String, SDValue> otherPlaceholders) {
        if (op instanceof GraphOp graphOp) {
            graphOp.compute(
                    context.getInputArrays().toArray(INDArray[]::new),
                    context.getOutputArrays().toArray(INDArray[]::new));
            return ExecutionResult.createFrom(op, context);
        }
        return super.doExec(
                op,
                context,
                outputFrame,
                inputs,
                allIterationInputs,
                constantsAndPlaceholders,
                otherPlaceholders);
    }
}
