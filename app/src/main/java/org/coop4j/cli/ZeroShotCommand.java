package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
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

    @Spec private CommandSpec spec;
    @Mixin private ModelOptions clipOptions;
    @Option(
            names = "--truncate",
            description =
                    "Truncate texts that exceed the context length; without it, they are an error.")
    private boolean truncate;

    @Mixin private ClassOptions classOptions;
    @Mixin private TemplateOptions templateOptions;

    @ArgGroup(exclusive = false)
    private DataOptions.Required dataOptions;

    @Mixin private Options.Part splitOptions;
    @Mixin private Options.Exif exif;

    @Option(
            names = {"-k", "--top"},
            defaultValue = "5",
            paramLabel = "K",
            converter = Converters.Positive.class,
            description = "Show the K most probable classes (default: ${DEFAULT-VALUE}).")
    private int top;

    @ArgGroup private Options.Format format = new Options.Format();

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
        try (Clip clip = clipOptions.openForTexts()) {
            UnknownWords.warning(clip, task.classes()).ifPresent(console::warn);
            FeatureMatrix weights =
                    task.prompts().classWeights(clip, task.classes(), truncate ? Tokenizer.Overflow.TRUNCATE : Tokenizer.Overflow.FAIL, console);
            EncodedImages images =
                    EncodedImages.encode(
                            clip,
                            task.inputs().files(),
                            EncodedImages.reader(clip, task.exif()),
                            console);
            float[][] probabilities = clip.probabilities(images.features(), weights);
            new ZeroShotReport(task, images, probabilities, top).print(format.chosen(), console);
            return images.exitCode(console);
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
            throw new WrongUsage(
                    "zero-shot encodes images: coop train --method zero-shot takes features");
        }
        ImageDataset dataset = data.load(splitOptions.seed()).half(dataOptions.half());
        List<LabelledImage> images = splitOptions.of(dataset);
        console.note(
                "%s: %s images of %s, prompt: %s"
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
                    "which classes? Give --classes, --classes-file, or a folder with one subfolder"
                            + " per class");
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
    record Task(
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
}
