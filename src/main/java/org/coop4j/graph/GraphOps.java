package org.coop4j.graph;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.graph.host.BackendException;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.InferenceFactory;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.config.ExecutionResult;
import org.nd4j.autodiff.samediff.config.SDValue;
import org.nd4j.autodiff.samediff.internal.FrameIter;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.OpContext;

/** Makes SameDiff ready for the ops of this project. */
final class GraphOps {

    private static final InferenceFactory SESSIONS = GraphSession::new;

    private GraphOps() {}

    /**
     * Gives SameDiff a session that runs ops computed in Java. Doing it again changes nothing.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    static synchronized void prepare() {
        Backend.start();
        if (SameDiff.getInferenceFactory() != SESSIONS) {
            SameDiff.bindInferenceFactory(SESSIONS);
        }
    }

    /**
     * Builds gradients with System.out closed: {@code createGradFunction} of M2.1 prints a line for
     * each op that it differentiates. It reads SameDiff's table of ops.
     */
    @SuppressWarnings("LockOnNonEnclosingClassLiteral") // others may read the table
    static void differentiate(SameDiff sd) {
        synchronized (ImportClassMapping.class) {
            GraphOp.register(List.of(sd.ops()));
            PrintStream terminal = System.out;
            System.setOut(
                    new PrintStream(
                            OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
            try {
                sd.createGradFunction();
            } finally {
                System.setOut(terminal);
            }
        }
    }

    /** A SameDiff session that also runs ops computed in Java. */
    private static final class GraphSession extends InferenceSession {

        GraphSession(SameDiff sd) {
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
                    op,
                    context,
                    outputFrame,
                    inputs,
                    allIterationInputs,
                    constantsAndPlaceholders,
                    otherPlaceholders);
        }
    }
}
