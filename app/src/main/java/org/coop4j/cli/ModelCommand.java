package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Vocabulary;
import org.coop4j.clip.Clip;
import org.coop4j.console.Table;
import org.coop4j.method.UnknownWords;
import org.coop4j.model.ConvertedModel;
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
            Table<ConvertedModel> facts = ModelSummary.facts(model);
            if (json.json) {
                ObjectNode described = (ObjectNode) facts.json().get(0);
                console.print(classOptions.areGiven() ? described.putPOJO("unknown_classes", unknown) : described);
            } else {
                facts.printFacts(console);
            }
            return 0;
        }
    }

    /** Returns the given names with words that the model was not trained on, and warns of them. */
    private List<String> unknownClasses() throws IOException {
        List<String> classes = classOptions.read();
        try (Clip clip = vocabulary.open(file, Optional.of(FLOAT32))) {
            UnknownWords.warning(clip, classes).ifPresent(console::warn);
            return UnknownWords.of(clip, classes);
        }
    }
}
