package org.coop4j.graph;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.coop4j.graph.host.BackendException;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;

/** Makes SameDiff ready for the ops of this project. */
final class GraphOps {

    private GraphOps() {}

    /**
     * Gives SameDiff a session that runs ops computed in Java. Doing it again changes nothing.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    static synchronized void prepare() {
        Backend.start();
        if (!(SameDiff.getInferenceFactory() instanceof GraphSession.Factory)) {
            SameDiff.bindInferenceFactory(new GraphSession.Factory());
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
}
