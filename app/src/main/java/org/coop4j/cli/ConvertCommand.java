package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.cli.Options.SafetensorsOut;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.convert.Converter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop convert}: a checkpoint of any published form to one safetensors file. */
@Command(name = "convert")
final class ConvertCommand extends ConsoleCommand {

    @Parameters(paramLabel = "SOURCE")
    Path source;

    @Mixin
    SafetensorsOut out;

    @Option(names = "--activation", paramLabel = "NAME")
    MlpActivation activation;

    @Option(names = "--size", paramLabel = "PIXELS")
    Integer size;

    @Override
    public Integer call() throws IOException {
        OptionalInt pixels = size == null ? OptionalInt.empty() : OptionalInt.of(size);
        ModelMetadata written =
                Converter.convert(source, out.file, Optional.ofNullable(activation), pixels, Optional.empty(), console);
        console.print(out.file + ": " + ModelSummary.line(written));
        return 0;
    }
}
