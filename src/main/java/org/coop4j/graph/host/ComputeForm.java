package org.coop4j.graph.host;

import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/** How ops are computed, and how values get in and out of arrays. */
public enum ComputeForm {
    /** Kernels of this package on the arrays' own memory, which is the host's. */
    HOST,
    /** ND4J's calls alone, which any of its backends has. */
    PORTABLE;

    /** The system property that chooses the form on a CPU: {@code native} or {@code portable}. */
    public static final String PROPERTY = "coop.backend";

    /**
     * The form of this process: that of the host where ND4J computes there, unless {@link
     * #PROPERTY} is {@code portable}.
     *
     * @throws BackendException if the property has another value, or ND4J cannot compute here
     */
    public static ComputeForm current() {
        BackendCheck.pass();
        String chosen = System.getProperty(PROPERTY, "native");
        boolean onHost = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        return switch (chosen) {
            case "native" -> onHost ? HOST : PORTABLE;
            case "portable" -> PORTABLE;
            default ->
                    throw new BackendException(
                            "-D%s=%s: expected native or portable".formatted(PROPERTY, chosen));
        };
    }
}
