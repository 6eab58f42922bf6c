package org.coop4j.graph;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.config.ExecutionResult;
import org.nd4j.autodiff.samediff.config.SDValue;
import org.nd4j.autodiff.samediff.internal.FrameIter;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.OpContext;

/** SameDiff's own sessions, extended to ops computed in Java: the reference for plans. */
final class Sessions {

    private Sessions() {}

    /** To be called before graphs are made: a graph may keep a session that was made before. */
    static void prepare() {
        SameDiff.bindInferenceFactory(Session::new);
    }

    /** A plan of some variables of a graph. */
    static ExecutionPlan plan(Graph graph, Collection<String> names, Workers workers) {
        Map<String, SDVariable> outputs = new LinkedHashMap<>();
        names.forEach(name -> outputs.put(name, graph.sameDiff().getVariable(name)));
        return graph.plan(outputs, workers);
    }

    /** The values of some variables of a graph. */
    static Map<String, INDArray> output(Graph graph, Map<String, INDArray> inputs, Collection<String> names) {
        return graph.sameDiff().output(inputs, List.copyOf(names));
    }

    private static final class Session extends InferenceSession {

        Session(SameDiff sd) {
            super(sd);
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
                    op, context, outputFrame, inputs, allIterationInputs, constantsAndPlaceholders, otherPlaceholders);
        }
    }
}
