package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Rows;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

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

    @Mixin private PromptOptions promptOptions;

    @Mixin private ClassOptions classOptions;

    @ArgGroup private OutputFormat.Lines format = new OutputFormat.Lines();

    @Parameters(
            arity = "1..*",
            paramLabel = "IMAGE|DIR",
            description = "Images, or folders of them.")
    private List<Path> arguments;

    PredictCommand(Console console) {
        this.console = console;
    }

    /**
     * An image and its class.
     *
     * @param label the most probable class
     * @param probabilities of all classes
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Prediction(Path file, int label, double[] probabilities) {}

    @Override
    public Integer call() throws IOException {
        ClassifierFile file = promptOptions.read();
        List<Path> files = ImageInputs.of(arguments).files();
        Optional<List<String>> others =
                classOptions.areGiven() ? Optional.of(classOptions.read()) : Optional.empty();
        try (Clip clip = promptOptions.open(file)) {
            Classifier learned = file.open(clip);
            Classifier classifier = others.map(learned::forClasses).orElse(learned);
            Rows<Prediction> rows = rows(files, classifier.classNames());
            Map<Integer, String> problems;
            try (Rows<Prediction>.Printer printer = rows.printer(format.chosen(), console)) {
                problems =
                        EncodedImages.each(
                                clip,
                                files,
                                console,
                                (index, row) -> {
                                    FeatureMatrix image =
                                            FeatureMatrix.of(1, row.length, row.clone());
                                    float[] logits = classifier.logits(image).row(0);
                                    printer.print(
                                            new Prediction(
                                                    files.get(index),
                                                    Predictions.argmax(logits),
                                                    Predictions.softmax(logits)));
                                });
            }
            return EncodedImages.exitCode(problems.size(), files.size(), console);
        }
    }

    private static Rows<Prediction> rows(List<Path> files, List<String> names) {
        return new Rows<Prediction>()
                .text("image", p -> p.file.toString())
                .among(files.stream().map(Path::toString).toList())
                .in(Rows.Format.TABLE, Rows.Format.CSV)
                .data("file", p -> p.file.toString())
                .in(Rows.Format.JSON, Rows.Format.JSON_LINES)
                .text("class", p -> names.get(p.label))
                .among(names)
                .share("probability", p -> (float) p.probabilities[p.label])
                .data("probabilities", p -> byName(names, p.probabilities))
                .in(Rows.Format.JSON, Rows.Format.JSON_LINES);
    }

    private static Map<String, Float> byName(List<String> names, double[] probabilities) {
        Map<String, Float> map = new LinkedHashMap<>();
        for (int c = 0; c < probabilities.length; c++) {
            map.put(names.get(c), (float) probabilities[c]);
        }
        return map;
    }
}
