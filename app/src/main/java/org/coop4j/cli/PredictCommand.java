package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.eval.Temperature;
import org.coop4j.graph.host.Backend;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.InputImage;
import org.coop4j.predict.Prediction;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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
            "  coop predict -p run --threshold 0.8 --top 3 photos/",
            "  coop predict -p run --classes cat,dog,fox photo.jpg"
        })
final class PredictCommand implements Callable<Integer> {

    /** The answer where no class is probable enough. */
    private static final String UNKNOWN = "unknown";

    private final Console console;

    @Mixin
    private PromptOptions promptOptions;

    @Mixin
    private ClassOptions classOptions;

    @Mixin
    private Options.Exif exif;

    @Mixin
    private Options.Arithmetic precision;

    @Option(
            names = "--top",
            defaultValue = "1",
            paramLabel = "K",
            description = "Show the K most probable classes (default: ${DEFAULT-VALUE}).")
    private int top;

    @Option(
            names = "--threshold",
            paramLabel = "P",
            description = {
                "Answer \"unknown\" where the most probable class has a lower probability, 0 to 1;"
                        + " the report of a run suggests one."
            })
    private double threshold;

    @Option(names = "--raw", description = "The model's own probabilities, not the calibrated ones.")
    private boolean raw;

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    @Parameters(arity = "1..*", paramLabel = "IMAGE|DIR", description = "Images, or folders of them.")
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
        if (top < 1) {
            throw new WrongUsage("--top: expected 1 or more, got " + top);
        }
        if (!(threshold >= 0 && threshold <= 1)) {
            throw new WrongUsage("--threshold: expected 0 to 1, got " + threshold);
        }
        Backend.startAhead();
        ClassifierFile learnedFile = promptOptions.read();
        ClassifierFile file = raw ? learnedFile.withTemperature(Temperature.NONE) : learnedFile;
        List<Path> files = ImageInputs.of(arguments).files();
        List<String> names = classOptions.areGiven() ? classOptions.read() : file.classNames();
        try (Clip clip = promptOptions.open(file, precision.precision())) {
            Classifier chosen = PromptOptions.classifier(file, clip, names);
            UnknownWords.warning(clip, file, names).ifPresent(console::warn);
            try (ImageClassifier classifier =
                    ImageClassifier.of(clip, chosen, exif.or(ImageClassifier.orientation(file)))) {
                return print(classifier, files);
            }
        }
    }

    private int print(ImageClassifier classifier, List<Path> files) {
        Table<Classified> rows = rows(files, classifier.classNames());
        EncodedImages images = new EncodedImages(console, files.size(), 0);
        try (images;
                Table<Classified>.Printer printer = rows.printer(format.chosen(), console)) {
            classifier.classifyEach(files.stream().map(InputImage::of).toList(), new ImageClassifier.Listener() {
                @Override
                public void predicted(int index, List<Prediction> ranked) {
                    printer.print(new Classified(files.get(index), ranked));
                    images.done(index);
                }

                @Override
                public void failed(int index, IOException problem) {
                    images.failed(index, problem);
                }
            });
        }
        return images.exitCode();
    }

    private Table<Classified> rows(List<Path> files, List<String> names) {
        List<String> answers = new ArrayList<>(names);
        if (threshold > 0) {
            answers.add(UNKNOWN);
        }
        Table<Classified> rows = answers(files, answers);
        if (top > 1) {
            rows.text("next", this::next).in(Table.Format.TABLE, Table.Format.CSV);
        }
        return rows.data("probabilities", c -> byName(names, c.ranked)).in(Table.Format.JSON, Table.Format.JSON_LINES);
    }

    private String answer(Classified classified) {
        return isUnknown(classified) ? UNKNOWN : classified.first().label();
    }

    private boolean isUnknown(Classified classified) {
        return classified.first().probability() < threshold;
    }

    /** The classes after the first, and that too where it is no answer. */
    private String next(Classified classified) {
        return classified.ranked.stream()
                .limit(top)
                .skip(isUnknown(classified) ? 0 : 1)
                .map(p -> p.label() + " " + Numbers.percent(100 * p.probability()))
                .collect(Collectors.joining(", "));
    }

    private Table<Classified> answers(List<Path> files, List<String> answers) {
        return new Table<Classified>()
                .text("image", c -> c.file.toString())
                .among(files.stream().map(Path::toString).toList())
                .in(Table.Format.TABLE, Table.Format.CSV)
                .data("file", c -> c.file.toString())
                .in(Table.Format.JSON, Table.Format.JSON_LINES)
                .text("class", this::answer)
                .among(answers)
                .share("probability", c -> (float) c.first().probability());
    }

    /** In the classes' own order. */
    private static Map<String, Float> byName(List<String> names, List<Prediction> ranked) {
        Map<String, Float> map = new LinkedHashMap<>();
        names.forEach(name -> map.put(name, 0f));
        ranked.forEach(p -> map.put(p.label(), (float) p.probability()));
        return map;
    }
}
