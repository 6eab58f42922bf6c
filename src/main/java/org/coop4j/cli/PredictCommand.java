package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.eval.Predictions;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.method.PromptClassifier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code coop predict}: classifies images with a learned prompt. */
@Command(
        name = "predict",
        description = {
            "Classify images with a learned prompt: class and probability.",
            "",
            "The classes are those that it was learned for. A unified context accepts others too.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop predict -p run photo.jpg",
            "  coop predict -p prompt.safetensors -m clip.safetensors --json *.jpg",
            "  coop predict -p run --classes cat,dog,fox photo.jpg"
        })
final class PredictCommand implements Callable<Integer> {

    private final Console console;

    @Spec private CommandSpec spec;

    @Mixin private PromptOptions promptOptions;

    @Mixin private ClassOptions classOptions;

    @ArgGroup private OutputFormat format = new OutputFormat();

    @Parameters(
            arity = "1..*",
            paramLabel = "IMAGE|DIR",
            description = "Images, or folders of them.")
    private List<Path> arguments;

    PredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        LearnedPrompt prompt = promptOptions.read();
        ImageInputs inputs = ImageInputs.of(arguments);
        Optional<List<String>> others =
                classOptions.areGiven()
                        ? Optional.of(classOptions.read(spec.commandLine()))
                        : Optional.empty();
        try (Clip clip = promptOptions.open(prompt)) {
            PromptClassifier classifier = PromptClassifier.of(clip, prompt, others);
            EncodedImages images = EncodedImages.encode(clip, inputs.files(), console);
            float[][] probabilities =
                    clip.probabilities(images.features(), classifier.classWeights());
            print(inputs, images, probabilities, classifier.classNames());
            return images.exitCode(console);
        }
    }

    private void print(
            ImageInputs inputs, EncodedImages images, float[][] probabilities, List<String> names) {
        ArrayNode json = Json.object().putArray("images");
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.RIGHT);
        Csv csv = format.isCsv() ? new Csv(console.out(), "image", "class", "probability") : null;
        table.row("IMAGE", "CLASS", "PROBABILITY");
        for (int i = 0; i < probabilities.length; i++) {
            String file = inputs.files().get(images.positions().get(i)).toString();
            int best = Predictions.argmax(probabilities[i]);
            float p = probabilities[i][best];
            table.row(file, names.get(best), Numbers.percent(p));
            if (csv != null) {
                csv.record(file, names.get(best), String.valueOf(p));
            }
            ObjectNode image = json.addObject().put("file", file).put("class", names.get(best));
            image.put("probability", p);
            ObjectNode all = image.putObject("probabilities");
            for (int c = 0; c < names.size(); c++) {
                all.put(names.get(c), probabilities[i][c]);
            }
        }
        if (format.isJson()) {
            Json.print(json, console.out());
        } else if (csv == null && probabilities.length > 0) {
            table.print(console.out());
        }
    }
}
