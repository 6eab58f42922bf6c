package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ReferenceCheckpoint;
import org.coop4j.onnx.OnnxExport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop export}: a learned classifier for other programs. */
@Command(
        name = "export",
        description = {
            "Write a learned classifier for other programs.",
            "",
            "Without --onnx: what CoOp, CoCoOp, KgCoOp, ProGrad or TCP learned, as a checkpoint for"
                    + " their Python code (prompt_learner/model.pth.tar-N), which its"
                    + " load_model(directory, epoch) reads. The optimizer's state is empty: training"
                    + " cannot resume from it.",
            "",
            "With --onnx: the image tower and the classifier in one ONNX file. Its input is pixels"
                    + " [N, 3, S, S], resized, cropped and normalised as coop embed --pixels writes"
                    + " them, or, with --with-preprocessing, image [height, width, 3], one picture"
                    + " of RGB bytes. Its outputs are logits and probabilities [N, classes]; class"
                    + " names and method are in its metadata. With a model and no classifier,"
                    + " image.onnx (pixels to image_features) and text.onnx (input_ids to"
                    + " text_features) are written into a folder; features are not normalised.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop export -p run -o output/",
            "  coop export --onnx -p run -o classifier.onnx",
            "  coop export --onnx --with-preprocessing --fp16 -p run -o classifier.onnx",
            "  coop export --onnx -m clip.safetensors -o towers/"
        })
final class ExportCommand implements Callable<Integer> {

    private final Console console;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE",
            description = "A learned classifier, or the folder of the run that learned it.")
    private Path prompt;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "The model: of the classifier (default: where it was then, or beside it), or,"
                    + " without a classifier, whose towers are written.")
    private Path model;

    @Mixin
    private Options.Vocabulary vocabulary;

    @Option(names = "--onnx", description = "Write ONNX.")
    private boolean onnx;

    @Option(names = "--with-preprocessing", description = "Make resize, crop and normalisation part of the ONNX graph.")
    private boolean preprocessing;

    @Option(names = "--fp16", description = "Store the ONNX file's weights in float16; it computes in float32.")
    private boolean half;

    @Option(
            names = "--epoch",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "The epoch in the checkpoint's name (default: the epochs of its training, or" + " 50).")
    private Integer epoch;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "PATH",
            description = "The folder in which prompt_learner is created; with --onnx the file, or the"
                    + " folder of both towers.")
    private Path out;

    ExportCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        for (Path file : onnx ? onnx() : List.of(checkpoint())) {
            console.print(file.toString());
        }
        return 0;
    }

    private void checkUsage() {
        if (prompt == null && !(onnx && model != null)) {
            throw new WrongUsage(
                    "Missing required option: '--prompt=RUN|FILE' (a model alone is enough for" + " --onnx)");
        }
        if (onnx && epoch != null) {
            throw new WrongUsage("--epoch is of the reference's checkpoint: omit it with --onnx");
        }
        if (!onnx && (half || preprocessing)) {
            throw new WrongUsage("--fp16 and --with-preprocessing need --onnx");
        }
        if (prompt == null && preprocessing) {
            throw new WrongUsage("--with-preprocessing is of a classifier: give one with --prompt");
        }
    }

    private Path checkpoint() throws IOException {
        PromptOptions options = new PromptOptions(prompt, model, vocabulary);
        ClassifierFile learned = options.read();
        try (Clip clip = options.open(learned)) {
            return ReferenceCheckpoint.write(out, clip, learned, epoch(learned));
        }
    }

    private int epoch(ClassifierFile learned) {
        if (epoch != null) {
            return epoch;
        }
        String trained = learned.training().getOrDefault("epochs", "");
        return trained.matches("[1-9]\\d{0,5}") ? Integer.parseInt(trained) : 50;
    }

    private List<Path> onnx() throws IOException {
        return prompt == null ? towers() : List.of(classifier());
    }

    private List<Path> towers() throws IOException {
        try (Clip clip = Clip.open(ModelOptions.file(model))) {
            OnnxExport export = new OnnxExport(clip, half, Coop.version());
            Files.createDirectories(out);
            List<Path> files = List.of(out.resolve("image.onnx"), out.resolve("text.onnx"));
            export.imageTower(files.get(0));
            export.textTower(files.get(1));
            return files;
        }
    }

    private Path classifier() throws IOException {
        PromptOptions options = new PromptOptions(prompt, model, vocabulary);
        ClassifierFile learned = options.read();
        try (Clip clip = options.open(learned);
                Classifier classifier = PromptOptions.classifier(learned, clip)) {
            new OnnxExport(clip, half, Coop.version()).classifier(out, classifier, preprocessing);
            return out;
        } catch (UnsupportedOperationException e) {
            throw new CommandFailure(
                    "%s cannot be an ONNX file: %s".formatted(learned.method().title(), e.getMessage()));
        }
    }
}
