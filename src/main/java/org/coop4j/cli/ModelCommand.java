package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.WrongUsage;
import org.coop4j.cli.options.JsonOption;
import org.coop4j.cli.options.ModelFile;
import org.coop4j.weights.model.ConvertedModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop model}: what a converted file holds. */
@Command(
        name = "model",
        description =
                "Show what a converted model is: dimensions, activation, preprocessing, origin.",
        synopsisSubcommandLabel = "[new ...]",
        footer = {
            "",
            "Examples:",
            "  coop model vit-b-32.safetensors",
            "  coop model --json vit-b-32.safetensors",
            "  coop model new --arch ViT-B/32 --seed 1 -o random.safetensors"
        })
final class ModelCommand implements Callable<Integer> {

    private final Console console;

    @Parameters(
            arity = "0..1", // none with "new"
            paramLabel = "FILE",
            description = ModelFile.DESCRIPTION)
    private Path file;

    @Mixin private JsonOption json;

    ModelCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (file == null) {
            throw new WrongUsage("missing required parameter: 'FILE'");
        }
        try (ConvertedModel model = ConvertedModel.open(ModelFile.of(file))) {
            ModelSummary summary = ModelSummary.of(model);
            if (json.isGiven()) {
                Json.print(summary.toJson(), console.out());
            } else {
                summary.print(console);
            }
        }
        return 0;
    }
}
