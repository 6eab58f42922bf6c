package org.coop4j.cli.options;

import org.coop4j.clip.MemoryLimit;
import picocli.CommandLine.Option;

/** How much memory a training step may take. */
public final class MemoryOption {

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = Converters.Memory.class,
            description =
                    "Memory for the intermediate values of a step, such as 800M; if all classes"
                            + " need more, they are processed in parts, with the same result.")
    private MemoryLimit limit = MemoryLimit.none();

    public MemoryLimit limit() {
        return limit;
    }
}
