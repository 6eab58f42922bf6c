package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Vocabulary;
import org.coop4j.clip.Clip;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Json;
import org.coop4j.method.UnknownWords;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop model}: the content of a converted model. */
@Command(name = "model", subcommands = ModelNewCommand.class, synopsisSubcommandLabel = "[new ...]")
final class ModelCommand extends ConsoleCommand {

    @Parameters(
            arity = "0..1", // none with "new"
            paramLabel = "FILE")
    Path file;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    Vocabulary vocabulary;

    @Mixin
    AsJson json;

    @Override
    public Integer call() throws IOException {
        require(file != null, "missing required parameter: 'FILE'");
        try (ConvertedModel model = ConvertedModel.open(ModelOptions.file(file))) {
            List<String> unknown = classOptions.areGiven() ? unknownClasses() : List.of();
            double logitScale = Math.exp(model.weights().floats("logit_scale")[0]);
            if (json.json) {
                ObjectNode described = json(model, logitScale);
                if (classOptions.areGiven()) {
                    described.putPOJO("unknown_classes", unknown);
                }
                console.print(described);
            } else {
                AlignedLines table = new AlignedLines();
                ModelSummary.facts(model).forEach(table::row);
                table.row("logit scale", "%.2f".formatted(logitScale)).print(console);
            }
            return 0;
        }
    }

    private static ObjectNode json(ConvertedModel model, double logitScale) throws IOException {
        ClipConfig architecture = model.architecture();
        long all = architecture.parameterCount();
        long image = architecture.visionParameterCount();
        ObjectNode json = Json.object()
                .put("file", model.path().toString())
                .put("bytes", Files.size(model.path()))
                .put("sha256", model.sha256());
        architecture.publishedName().ifPresent(name -> json.put("name", name));
        json.putObject("parameters").put("all", all).put("image", image).put("text", all - image);
        return json.put("activation", model.activation().id())
                .put("text_activation", model.metadata().textActivation().id())
                .put("logit_scale", logitScale)
                .<ObjectNode>set("source", Json.parse(model.source().toJson()))
                .<ObjectNode>set("architecture", Json.parse(architecture.toJson()))
                .set("preprocessing", Json.parse(model.preprocessing().toJson()));
    }

    /** Returns the given names with words that the model was not trained on, and warns of them. */
    private List<String> unknownClasses() throws IOException {
        List<String> classes = classOptions.read();
        try (Clip clip = vocabulary.open(file)) {
            UnknownWords.warning(clip, classes).ifPresent(console::warn);
            return UnknownWords.of(clip, classes);
        }
    }
}
