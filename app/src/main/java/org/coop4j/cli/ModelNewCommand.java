package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.coop4j.base.InputException;
import org.coop4j.console.Console;
import org.coop4j.console.WrongUsage;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.ModelMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code coop model new}: a model with random weights. */
@Command(
        name = "new",
        description = {
            "Write a model with random weights (CLIP's initialisation).",
            "",
            "It knows nothing: it is for trials, for work on speed and memory, and as the start of"
                    + " training. The same seed gives the same file everywhere.",
            ""
        },
        footer = {"", "Example:", "  coop model new --arch ViT-B/16 --seed 1 -o random.safetensors"})
final class ModelNewCommand implements Callable<Integer> {

    private final Console console;

    @Option(
            names = "--arch",
            required = true,
            paramLabel = "NAME",
            completionCandidates = ArchitectureNames.class,
            description = "One of ${COMPLETION-CANDIDATES}.")
    private String architecture;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Seed of the random numbers (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--activation",
            defaultValue = "quick_gelu",
            paramLabel = "NAME",
            description = "quick_gelu or gelu (default: ${DEFAULT-VALUE}).")
    private MlpActivation activation;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The safetensors file to write; replaced if it exists.")
    private Path out;

    ModelNewCommand(Console console) {
        this.console = console;
    }

    /** What --arch may be. */
    static final class ArchitectureNames implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return ClipConfig.publishedNames().iterator();
        }
    }

    @Override
    public Integer call() throws IOException {
        ClipConfig named = named();
        ModelMetadata written = RandomWeights.write(named, seed, out, activation, console);
        console.print(out + ": " + ModelSummary.line(written));
        return 0;
    }

    private ClipConfig named() {
        try {
            return ClipConfig.named(architecture);
        } catch (InputException e) {
            throw new WrongUsage(e.getMessage());
        }
    }
}
