package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.TemplateOptions;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Predictions;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.DataSpec;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code coop zero-shot}: classifies images by prompts that name the classes. */
@Command(
        name = "zero-shot",
        description = "Classify images by prompts that name the classes."
                + " A folder with one subfolder per class, or a dataset (--data), is scored.",
        footer = {
            "Examples:",
            "  coop zero-shot -m clip.safetensors -c cat,dog photo.jpg",
            "  coop zero-shot -m clip.safetensors --classes-file names.txt --json *.jpg",
            "  coop zero-shot -m clip.safetensors -t \"a {}\" -t \"art of a {}\" test/",
            "  coop zero-shot -m clip.safetensors --dataset imagenet-a -d DATA --ensemble 80"
        })
final class ZeroShotCommand implements Callable<Integer> {

    private final Console console;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions clipOptions;

    @Mixin
    private Options.Truncation truncation;

    @Mixin
    private ClassOptions classOptions;

    @Mixin
    private TemplateOptions templateOptions;

    @ArgGroup(exclusive = false)
    private DataOptions dataOptions;

    @Mixin
    private Options.Part splitOptions;

    @Mixin
    private Options.Exif exif;

    @Option(
            names = {"-k", "--top"},
            defaultValue = "5",
            paramLabel = "K",
            converter = Converters.Positive.class,
            description = "Show the K most probable classes (default: ${DEFAULT-VALUE}).")
    private int top;

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Parameters(
            arity = "0..*", // none with --data
            paramLabel = "IMAGE|DIR",
            description = "Images, or a folder: its images, or one subfolder of images per class.")
    private List<Path> arguments = List.of();

    ZeroShotCommand(Console console) {
        this.console = console;
    }

    /**
     * A task that was checked before the model is loaded.
     *
     * @param classes names by label
     * @param labels the true class of each file; empty if they are unknown
     */
    private record Task(
            List<Path> files,
            List<String> classes,
            List<Integer> labels,
            PromptEnsemble prompts,
            ExifOrientation exif) {

        boolean isScored() {
            return !labels.isEmpty();
        }
    }

    /**
     * An image that could be read.
     *
     * @param truth the label of its class, -1 if it is unknown
     * @param probabilities of the classes
     */
    private record Image(String file, int truth, FloatBuffer probabilities) {}

    /** One of an image's most probable classes; the rank counts from 1. */
    private record Guess(Image image, int rank, int label) {}

    @Override
    public Integer call() throws IOException {
        Task task = task();
        try (Clip clip = clipOptions.openForTexts()) {
            UnknownWords.warning(clip, task.classes).ifPresent(console::warn);
            FeatureMatrix weights = task.prompts.classWeights(clip, task.classes, truncation.overflow(), console);
            EncodedImages images =
                    EncodedImages.encode(clip, task.files, EncodedImages.reader(clip, task.exif), true, console);
            float[][] probabilities = clip.probabilities(images.features(), weights);
            List<Image> found = new ArrayList<>();
            for (int row = 0; row < probabilities.length; row++) {
                int position = images.positions().get(row);
                int truth = task.isScored() ? task.labels.get(position) : -1;
                found.add(new Image(task.files.get(position).toString(), truth, FloatBuffer.wrap(probabilities[row])));
            }
            if (format.chosen() == Table.Format.JSON) {
                console.print(json(task, found, images));
            } else if (format.chosen() == Table.Format.TABLE && task.isScored() && !found.isEmpty()) {
                printScores(evaluation(found), task.classes);
            } else if (format.chosen() == Table.Format.CSV || !found.isEmpty()) {
                List<Guess> all =
                        found.stream().flatMap(image -> best(image).stream()).toList();
                guesses(task).rows(all).print(format.chosen(), console);
            }
            return images.exitCode();
        }
    }

    private Task task() throws IOException {
        Optional<DataSpec> data = Optional.ofNullable(dataOptions).map(DataOptions::spec);
        PromptEnsemble prompts = templateOptions.prompts(data);
        List<String> given = classOptions.areGiven() ? classOptions.read() : List.of();
        if (data.isPresent()) {
            return datasetTask(data.get(), prompts);
        }
        if (arguments.isEmpty()) {
            throw new WrongUsage("which images? Name them, or give --data");
        }
        for (String option : List.of("--split", "--seed")) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new WrongUsage(option + " is for a dataset: give --data");
            }
        }
        ImageInputs inputs = ImageInputs.of(arguments);
        if (given.isEmpty() && !inputs.isLabelled()) {
            throw new WrongUsage(
                    "which classes? Give --classes, --classes-file, or a folder with one subfolder per class");
        }
        List<String> classes = given.isEmpty()
                ? ClassOptions.checked(inputs.folders(), arguments.get(0).toString())
                : given;
        return new Task(inputs.files(), classes, inputs.labels(classes), prompts, exif.or(ExifOrientation.APPLY));
    }

    private Task datasetTask(DataSpec data, PromptEnsemble prompts) throws IOException {
        if (!arguments.isEmpty() || classOptions.areGiven()) {
            throw new WrongUsage("--data has its own images and classes: omit the others");
        }
        if (data.holdsFeatures()) {
            throw new WrongUsage("zero-shot encodes images: coop train --method zero-shot takes features");
        }
        ImageDataset dataset = data.load(splitOptions.seed()).half(dataOptions.half());
        List<LabelledImage> images = splitOptions.of(dataset);
        console.note("%s: %s of %s, prompt: %s"
                .formatted(
                        dataset.name(),
                        Numbers.count(images.size(), splitOptions.split().label() + " image"),
                        Numbers.count(dataset.classCount(), "class", "classes"),
                        prompts.describe()));
        return new Task(
                images.stream().map(LabelledImage::path).toList(),
                dataset.classNames(),
                images.stream().map(LabelledImage::label).toList(),
                prompts,
                exif.of(data).orientation());
    }

    /** Returns the labels by falling probability, the first of equals first. */
    private List<Guess> best(Image image) {
        List<Integer> labels = IntStream.range(0, image.probabilities.capacity())
                .boxed()
                .sorted(Comparator.comparing(label -> -image.probabilities.get(label)))
                .limit(top)
                .toList();
        return IntStream.range(0, labels.size())
                .mapToObj(i -> new Guess(image, i + 1, labels.get(i)))
                .toList();
    }

    private static Table<Guess> guesses(Task task) {
        Table<Guess> table = new Table<Guess>()
                .shown("image", Table.Kind.WORDS, g -> g.image.file, g -> g.rank == 1 ? g.image.file : "")
                .in(Table.Format.TABLE, Table.Format.CSV)
                .data("rank", Guess::rank)
                .in(Table.Format.CSV)
                .text("label", g -> task.classes.get(g.label))
                .share("probability", g -> g.image.probabilities.get(g.label));
        return task.isScored()
                ? table.data("truth", g -> task.classes.get(g.image.truth)).in(Table.Format.CSV)
                : table;
    }

    private void printScores(Evaluation evaluation, List<String> classes) {
        EvalCommand.classes(evaluation, classes)
                .lines()
                .row(
                        "all",
                        Numbers.count(evaluation.total()),
                        Numbers.count(evaluation.correct()),
                        Numbers.percent(evaluation.accuracy()))
                .print(console.out());
        console.out().println("macro F1 " + Numbers.percent(evaluation.macroF1()));
    }

    private static Evaluation evaluation(List<Image> images) {
        return Evaluation.of(
                images.stream().mapToInt(Image::truth).toArray(),
                images.stream()
                        .mapToInt(image -> Predictions.argmax(image.probabilities.array()))
                        .toArray());
    }

    private ObjectNode json(Task task, List<Image> found, EncodedImages encoded) {
        ObjectNode json = Json.object();
        task.classes.forEach(json.putArray("classes")::add);
        task.prompts.templates().forEach(json.putArray("templates")::add);
        ArrayNode images = json.putArray("images");
        for (Image image : found) {
            ObjectNode node = images.addObject().put("file", image.file);
            if (task.isScored()) {
                node.put("truth", task.classes.get(image.truth));
            }
            node.set("predictions", guesses(task).rows(best(image)).json());
        }
        ArrayNode unreadable = json.putArray("unreadable");
        encoded.problems().forEach((position, problem) -> unreadable
                .addObject()
                .put("file", task.files.get(position).toString())
                .put("problem", problem));
        if (task.isScored() && !found.isEmpty()) {
            json.set("scores", EvalCommand.json(evaluation(found), task.classes));
        }
        return json;
    }
}
