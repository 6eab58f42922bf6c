package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
        description = {
            "Classify images by prompts that name the classes.",
            "",
            "A folder with one subfolder per class is scored: accuracy over all images and per"
                    + " class. So is the test split of a dataset (--data), with the hand-written prompt"
                    + " of a published one (--dataset).",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop zero-shot -m clip.safetensors -c cat,dog photo.jpg",
            "  coop zero-shot -m clip.safetensors --classes-file names.txt --json *.jpg",
            "  coop zero-shot -m clip.safetensors -t \"a {}\" -t \"art of a {}\" test/",
            "  coop zero-shot -m clip.safetensors --dataset eurosat -d DATA",
            "  coop zero-shot -m clip.safetensors --dataset imagenet-a -d DATA --ensemble 80"
        })
final class ZeroShotCommand implements Callable<Integer> {

    private final Console console;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions clipOptions;

    @Option(
            names = "--truncate",
            description = "Truncate texts that exceed the context length; without it, they are an error.")
    private boolean truncate;

    @Mixin
    private ClassOptions classOptions;

    @Mixin
    private TemplateOptions templateOptions;

    @ArgGroup(exclusive = false)
    private DataOptions.Required dataOptions;

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

    @Override
    public Integer call() throws IOException {
        Task task = task();
        Tokenizer.Overflow overflow = truncate ? Tokenizer.Overflow.TRUNCATE : Tokenizer.Overflow.FAIL;
        try (Clip clip = clipOptions.openForTexts()) {
            UnknownWords.warning(clip, task.classes).ifPresent(console::warn);
            FeatureMatrix weights = task.prompts.classWeights(clip, task.classes, overflow, console);
            List<Path> files = task.inputs.files();
            EncodedImages images =
                    EncodedImages.encode(clip, files, EncodedImages.reader(clip, task.exif), true, console);
            float[][] probabilities = clip.probabilities(images.features(), weights);
            List<Image> found = new ArrayList<>();
            for (int row = 0; row < probabilities.length; row++) {
                int position = images.positions().get(row);
                int truth = task.isScored() ? task.labels.get(position) : -1;
                found.add(new Image(files.get(position).toString(), truth, FloatBuffer.wrap(probabilities[row])));
            }
            print(task, found, images.problems());
            return images.exitCode();
        }
    }

    /** Checks all that can be checked before the model is loaded. */
    private Task task() throws IOException {
        Optional<DataSpec> data = Optional.ofNullable(dataOptions).map(DataOptions.Required::spec);
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
        List<String> classes = given.isEmpty() ? fromFolders(inputs) : given;
        List<Integer> labels = inputs.isLabelled() ? inputs.labels(classes) : List.of();
        ExifOrientation orientation = exif.or(ExifOrientation.APPLY);
        return new Task(inputs, classes, labels, prompts, orientation);
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
        console.note("%s: %s images of %s, prompt: %s"
                .formatted(
                        dataset.name(),
                        Numbers.count(images.size()) + " " + splitOptions.name(),
                        Numbers.count(dataset.classCount()) + " classes",
                        prompts.describe()));
        return new Task(
                ImageInputs.of(images, dataset.classNames()),
                dataset.classNames(),
                images.stream().map(LabelledImage::label).toList(),
                prompts,
                exif.of(data).orientation());
    }

    private List<String> fromFolders(ImageInputs inputs) {
        if (!inputs.isLabelled()) {
            throw new WrongUsage(
                    "which classes? Give --classes, --classes-file, or a folder with one subfolder" + " per class");
        }
        return ClassOptions.checked(inputs.folders(), arguments.get(0).toString());
    }

    /**
     * What is asked.
     *
     * @param inputs the images
     * @param classes names by label
     * @param labels the true class of each image; empty where it is unknown
     * @param prompts what describes a class
     * @param exif what is done with the images' EXIF orientation
     */
    private record Task(
            ImageInputs inputs,
            List<String> classes,
            List<Integer> labels,
            PromptEnsemble prompts,
            ExifOrientation exif) {
        /** Copies the lists. */
        Task {
            classes = List.copyOf(classes);
            labels = List.copyOf(labels);
        }

        /** Whether the true classes are known. */
        boolean isScored() {
            return !labels.isEmpty();
        }
    }

    /**
     * An image that could be read.
     *
     * @param truth the label of its class, -1 where it is unknown
     * @param probabilities of the classes
     */
    private record Image(String file, int truth, FloatBuffer probabilities) {
        int predicted() {
            return Predictions.argmax(probabilities.array());
        }
    }

    /** One of an image's most probable classes; the rank counts from 1. */
    private record Guess(Image image, int rank, int label) {}

    private void print(Task task, List<Image> images, Map<Integer, String> problems) {
        List<Guess> all = images.stream().flatMap(image -> best(image).stream()).toList();
        switch (format.chosen()) {
            case JSON -> console.print(json(task, images, problems));
            case CSV -> guesses(task).rows(all).print(Table.Format.CSV, console);
            default -> {
                if (!images.isEmpty() && task.isScored()) {
                    printScores(evaluation(images), task.classes);
                } else if (!images.isEmpty()) {
                    guesses(task).rows(all).print(Table.Format.TABLE, console);
                }
            }
        }
    }

    /** Labels by falling probability, the first of equals first. */
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
                .shown(
                        "image",
                        Table.Kind.WORDS,
                        guess -> guess.image.file,
                        guess -> guess.rank == 1 ? guess.image.file : "")
                .in(Table.Format.TABLE, Table.Format.CSV)
                .data("rank", Guess::rank)
                .in(Table.Format.CSV)
                .text("class", guess -> task.classes.get(guess.label))
                .share("probability", guess -> guess.image.probabilities.get(guess.label));
        return task.isScored()
                ? table.data("truth", guess -> task.classes.get(guess.image.truth))
                        .in(Table.Format.CSV)
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
                images.stream().mapToInt(Image::predicted).toArray());
    }

    private ObjectNode json(Task task, List<Image> images, Map<Integer, String> problems) {
        ObjectNode json = Json.object();
        task.classes.forEach(json.putArray("classes")::add);
        task.prompts.templates().forEach(json.putArray("templates")::add);
        ArrayNode array = json.putArray("images");
        for (Image image : images) {
            ObjectNode node = array.addObject().put("file", image.file);
            if (task.isScored()) {
                node.put("truth", task.classes.get(image.truth));
            }
            node.set("predictions", guesses(task).rows(best(image)).json());
        }
        ArrayNode unreadable = json.putArray("unreadable");
        problems.forEach((position, problem) -> unreadable
                .addObject()
                .put("file", task.inputs.files().get(position).toString())
                .put("problem", problem));
        if (task.isScored() && !images.isEmpty()) {
            json.set("scores", EvalCommand.json(evaluation(images), task.classes));
        }
        return json;
    }
}
