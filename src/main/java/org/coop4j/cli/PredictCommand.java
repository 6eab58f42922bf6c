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
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.InputImage;
import org.coop4j.predict.Prediction;
import org.coop4j.predict.PredictionListener;
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
     * An image and its classes.
     *
     * @param ranked the most probable first
     */
    private record Classified(Path file, List<Prediction> ranked) {

        Prediction first() {
            return ranked.get(0);
        }
    }

    @Override
    public Integer call() throws IOException {
        ClassifierFile file = promptOptions.read();
        List<Path> files = ImageInputs.of(arguments).files();
        Optional<List<String>> others =
                classOptions.areGiven() ? Optional.of(classOptions.read()) : Optional.empty();
        try (Clip clip = promptOptions.open(file)) {
            Classifier learned = file.open(clip);
            Classifier chosen = others.map(learned::forClasses).orElse(learned);
            try (ImageClassifier classifier = ImageClassifier.of(clip, chosen)) {
                return print(classifier, files);
            }
        }
    }

    private int print(ImageClassifier classifier, List<Path> files) {
        Rows<Classified> rows = rows(files, classifier.classNames());
        ImageProgress progress = new ImageProgress(console, "encoding", files.size());
        try (progress;
                Rows<Classified>.Printer printer = rows.printer(format.chosen(), console)) {
            classifier.classifyEach(
                    files.stream().map(InputImage::of).toList(),
                    new PredictionListener() {
                        @Override
                        public void predicted(int index, List<Prediction> ranked) {
                            printer.print(new Classified(files.get(index), ranked));
                            progress.done();
                        }

                        @Override
                        public void failed(int index, IOException problem) {
                            progress.failed(index, problem);
                        }
                    });
        }
        return progress.exitCode();
    }

    private static Rows<Classified> rows(List<Path> files, List<String> names) {
        return new Rows<Classified>()
                .text("image", c -> c.file.toString())
                .among(files.stream().map(Path::toString).toList())
                .in(Rows.Format.TABLE, Rows.Format.CSV)
                .data("file", c -> c.file.toString())
                .in(Rows.Format.JSON, Rows.Format.JSON_LINES)
                .text("class", c -> c.first().label())
                .among(names)
                .share("probability", c -> (float) c.first().probability())
                .data("probabilities", c -> byName(names, c.ranked))
                .in(Rows.Format.JSON, Rows.Format.JSON_LINES);
    }

    /** In the classes' own order. */
    private static Map<String, Float> byName(List<String> names, List<Prediction> ranked) {
        Map<String, Float> map = new LinkedHashMap<>();
        names.forEach(name -> map.put(name, 0f));
        ranked.forEach(p -> map.put(p.label(), (float) p.probability()));
        return map;
    }
}
