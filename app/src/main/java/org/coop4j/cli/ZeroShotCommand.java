package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Evaluation;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.DataSpec;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop zero-shot}: classifies images by prompts that name the classes. */
@Command(
        name = "zero-shot",
        description = {
            "Classify images by prompts that name the classes.",
            "A folder with one subfolder per class, or a dataset (--data), is scored."
        },
        footer = {
            "Examples:",
            "  coop zero-shot -m clip.safetensors -c cat,dog photo.jpg",
            "  coop zero-shot -m clip.safetensors --dataset imagenet-a -d DATA --ensemble 80"
        })
final class ZeroShotCommand extends ConsoleCommand {

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
            description = "Show the K most probable classes" + Options.DEFAULT)
    private int top;

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Parameters(
            arity = "0..*", // none with --data
            paramLabel = "IMAGE|DIR",
            description = "Images, or a folder: its images, or one subfolder of images per class.")
    private List<Path> arguments = List.of();

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
     * One of an image's most probable classes.
     *
     * @param truth the label of the image, -1 if it is unknown
     * @param rank counted from 1
     */
    private record Guess(String file, int truth, int rank, int label, float probability) {}

    @Override
    public Integer call() throws IOException {
        Task task = task();
        try (Clip clip = clipOptions.openForTexts()) {
            UnknownWords.warning(clip, task.classes).ifPresent(console::warn);
            FeatureMatrix weights = task.prompts.classWeights(clip, task.classes, truncation.overflow(), console);
            EncodedImages images =
                    EncodedImages.encode(clip, task.files, EncodedImages.reader(clip, task.exif), true, console);
            float[][] probabilities = clip.probabilities(images.features(), weights);
            List<List<Guess>> found = new ArrayList<>();
            for (int row = 0; row < probabilities.length; row++) {
                found.add(best(task, images.positions().get(row), probabilities[row]));
            }
            if (format.chosen() == Table.Format.JSON) {
                console.print(json(task, found, images));
            } else if (format.chosen() == Table.Format.TABLE && task.isScored() && !found.isEmpty()) {
                printScores(evaluation(found), task.classes);
            } else if (format.chosen() == Table.Format.CSV || !found.isEmpty()) {
                Table<Guess> guesses = guesses(task);
                found.forEach(guesses::rows);
                guesses.print(format.chosen(), console);
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
        require(!arguments.isEmpty(), "which images? Name them, or give --data");
        require(!splitOptions.isGiven(), "--split and --seed are for a dataset: give --data");
        ImageInputs inputs = ImageInputs.of(arguments);
        require(
                !given.isEmpty() || inputs.isLabelled(),
                "which classes? Give --classes, --classes-file, or a folder with one subfolder per class");
        List<String> classes = given.isEmpty()
                ? ClassOptions.checked(inputs.folders(), arguments.get(0).toString())
                : given;
        return new Task(inputs.files(), classes, inputs.labels(classes), prompts, exif.or(ExifOrientation.APPLY));
    }

    private Task datasetTask(DataSpec data, PromptEnsemble prompts) throws IOException {
        require(
                arguments.isEmpty() && !classOptions.areGiven(),
                "--data has its own images and classes: omit the others");
        require(!data.holdsFeatures(), "zero-shot encodes images: coop train --method zero-shot takes features");
        ImageDataset dataset = data.load(splitOptions.seed() == null ? 1 : splitOptions.seed()).half(dataOptions.half());
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

    /** Returns the classes of an image by falling probability, the first of equals first. */
    private List<Guess> best(Task task, int position, float[] probabilities) {
        String file = task.files.get(position).toString();
        int truth = task.isScored() ? task.labels.get(position) : -1;
        List<Guess> best = new ArrayList<>();
        IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparing(label -> -probabilities[label]))
                .limit(top)
                .forEach(label -> best.add(new Guess(file, truth, best.size() + 1, label, probabilities[label])));
        return best;
    }

    private static Table<Guess> guesses(Task task) {
        Table<Guess> table = new Table<Guess>()
                .shown("image", Table.Kind.WORDS, Guess::file, g -> g.rank == 1 ? g.file : "")
                .in(Table.Format.TABLE, Table.Format.CSV)
                .data("rank", Guess::rank)
                .in(Table.Format.CSV)
                .text("label", g -> task.classes.get(g.label))
                .share("probability", Guess::probability);
        return task.isScored()
                ? table.data("truth", g -> task.classes.get(g.truth)).in(Table.Format.CSV)
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

    private static Evaluation evaluation(List<List<Guess>> found) {
        return Evaluation.of(
                found.stream().mapToInt(best -> best.get(0).truth).toArray(),
                found.stream().mapToInt(best -> best.get(0).label).toArray());
    }

    private ObjectNode json(Task task, List<List<Guess>> found, EncodedImages encoded) {
        ObjectNode json = Json.object();
        task.classes.forEach(json.putArray("classes")::add);
        task.prompts.templates().forEach(json.putArray("templates")::add);
        ArrayNode images = json.putArray("images");
        for (List<Guess> best : found) {
            ObjectNode image = images.addObject().put("file", best.get(0).file);
            if (task.isScored()) {
                image.put("truth", task.classes.get(best.get(0).truth));
            }
            image.set("predictions", guesses(task).rows(best).json());
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
