package org.coop4j.cli.options;

import java.util.Optional;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.WrongUsage;
import org.coop4j.graph.host.Precision;
import picocli.CommandLine.Option;

/** The precision of products in which images are encoded and prompts trained. */
public final class PrecisionOption {

    private static final String AUTO = "auto";

    @Option(
            names = "--precision",
            defaultValue = "float32",
            paramLabel = "TYPE",
            description =
                    "Precision of matrix products: float32; bf16, up to twice as fast on processors"
                            + " that have it; or auto: bf16 if this one does (default:"
                            + " ${DEFAULT-VALUE}).")
    private String precision;

    /**
     * The precision to compute with.
     *
     * @throws WrongUsage if it is none
     * @throws CommandFailure if this machine does not have it
     */
    public Precision precision() {
        if (precision.equals(AUTO)) {
            return Precision.BFLOAT16.obstacle().isEmpty() ? Precision.BFLOAT16 : Precision.FLOAT32;
        }
        Precision chosen;
        try {
            chosen = Precision.of(precision);
        } catch (IllegalArgumentException e) {
            throw new WrongUsage("--precision: " + e.getMessage() + " (or auto)");
        }
        Optional<String> obstacle = chosen.obstacle();
        if (obstacle.isPresent()) {
            throw new CommandFailure("--precision " + precision + ": " + obstacle.get());
        }
        return chosen;
    }
}
