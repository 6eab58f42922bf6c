package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;
import org.coop4j.console.Console;
import org.coop4j.weights.convert.PackedModel;
import org.coop4j.weights.model.ConvertedModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop model pack}: makes what is shipped of a trained model; for tools/pretrain-data. */
@Command(
        name = "pack",
        hidden = true,
        description = "Write a model in half precision and compressed, as the shipped one is kept.",
        footer = {"", "Example:", "  coop model pack trained.safetensors -o small.packed"})
final class ModelPackCommand implements Callable<Integer> {

    private final Console console;

    @Parameters(paramLabel = "FILE", description = "A converted model.")
    private Path file;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The safetensors file to write; replaced if it exists.")
    private Path out;

    ModelPackCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        try (ConvertedModel model = ConvertedModel.open(file)) {
            PackedModel.write(model, out);
        }
        console.out()
                .println(SafeText.line(out + ": " + Numbers.bytes(Files.size(out))));
        return 0;
    }
}
