package org.coop4j.graph;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;

/** Makes SameDiff ready for the ops of this project. */
final class GraphOps {

    private GraphOps() {}

    /**
     * Gives SameDiff a session that runs ops computed in Java. Doing it again changes nothing.
     *
     * @throws IllegalStateException if the backend cannot run on the device
     */
    static synchronized void prepare() {
        Backend.loaded();
        if (!(SameDiff.getInferenceFactory() instanceof GraphSession.Factory)) {
            SameDiff.bindInferenceFactory(new GraphSession.Factory());
        }
    }

    /**
     * Builds gradients with System.out closed: {@code createGradFunction} of M2.1 prints a line for
     * each op that it differentiates. It reads the table of ops, which another thread may be adding
     * to.
     */
    @SuppressWarnings("LockOnNonEnclosingClassLiteral") // whoever adds an op takes this lock
    static void differentiate(SameDiff sd) {
        synchronized (ImportClassMapping.class) {
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
