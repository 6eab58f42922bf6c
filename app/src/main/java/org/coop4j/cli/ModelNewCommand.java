package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.unless;

import java.io.IOException;
import org.coop4j.cli.Converters.Architecture;
import org.coop4j.cli.Options.SafetensorsOut;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.convert.RandomWeights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop model new}: a model with random weights. */
@Command(name = "new")
final class ModelNewCommand extends ConsoleCommand {

    @Option(
            names = "--arch",
            required = true,
            paramLabel = "NAME",
            converter = Architecture.class,
            completionCandidates = Architecture.class)
    String architecture;

    @Option(names = "--seed", paramLabel = "N")
    long seed = 1;

    @Option(names = "--activation", paramLabel = "NAME")
    MlpActivation activation;

    @Mixin
    SafetensorsOut out;

    @Override
    public Integer call() throws IOException {
        ClipConfig config = ClipConfig.named(architecture);
        MlpActivation chosen = activation == null ? MlpActivation.published(config) : activation;
        ModelMetadata written = unless(() -> RandomWeights.write(config, seed, out.file, chosen, console));
        console.print(out.file + ": " + ModelSummary.line(written));
        return 0;
    }
}
