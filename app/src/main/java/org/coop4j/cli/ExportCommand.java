package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
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
            "Write a learned classifier for other programs: a checkpoint for Python, or ONNX.",
            "",
            "Without --onnx: the prompt of CoOp, CoCoOp, KgCoOp, ProGrad or TCP as prompt_learner/model.pth.tar-N,"
                    + " which their Python code loads.",
            "",
            "With --onnx: image tower and classifier in one file, from pixels [N, 3, S, S] to logits and"
                    + " probabilities [N, classes]; --with-preprocessing takes image [height, width, 3], RGB bytes.",
            "",
            "With --onnx and a model alone: a folder with image.onnx (pixels to image_features) and text.onnx"
                    + " (input_ids to text_features), not normalised."
        },
        footer = {
            "  coop export -p run -o output/",
            "  coop export --onnx --with-preprocessing --fp16 -p run -o classifier.onnx",
            "  coop export --onnx -m clip.safetensors -o towers/"
        })
final class ExportCommand extends ConsoleCommand {

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE",
            description = "A learned classifier, or the folder of its run.")
    Path prompt;

    @Mixin
    PromptOptions.OfModel model;

    @Option(names = "--onnx", description = "Write ONNX.")
    boolean onnx;

    @Option(names = "--with-preprocessing", description = "Include resize, crop and normalisation in the ONNX graph.")
    boolean preprocessing;

    @Option(names = "--fp16", description = "Store the ONNX file's weights in float16; it computes in float32.")
    boolean half;

    @Option(
            names = "--epoch",
            paramLabel = "N",
            converter = Positive.class,
            description = "Epoch in the checkpoint's name (default: the epochs of its training, or 50).")
    Integer epoch;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "PATH",
            description = "The folder for prompt_learner; with --onnx the file, or the folder of both towers.")
    Path out;

    @Override
    public Integer call() throws IOException {
        checkUsage();
        List<Path> written = prompt == null ? towers() : List.of(classifier());
        written.forEach(file -> console.print(file.toString()));
        return 0;
    }

    private void checkUsage() throws IOException {
        boolean learned = prompt != null;
        require(
                learned || (onnx && model.file() != null),
                "give a classifier with --prompt RUN|FILE, or a model alone with --onnx");
        require(!onnx || epoch == null, "--epoch is for checkpoints: omit it with --onnx");
        require(onnx || !(half || preprocessing), "--fp16 and --with-preprocessing need --onnx");
        require(learned || !preprocessing, "--with-preprocessing is for classifiers: give one with --prompt");
    }

    private Path classifier() throws IOException {
        PromptOptions options = new PromptOptions(prompt, model);
        ClassifierFile learned = options.read();
        try (Clip clip = options.open(learned, Optional.of(FLOAT32))) {
            return onnx
                    ? onnx(clip, learned)
                    : CommandFailure.unless(() -> ReferenceCheckpoint.write(out, clip, learned, epoch(learned)));
        }
    }

    private int epoch(ClassifierFile learned) {
        String trained = learned.training().getOrDefault("epochs", "");
        return epoch != null ? epoch : trained.matches("[1-9]\\d{0,5}") ? Integer.parseInt(trained) : 50;
    }

    private Path onnx(Clip clip, ClassifierFile learned) throws IOException {
        try (Classifier classifier = PromptOptions.classifier(learned, clip, learned.classNames())) {
            new OnnxExport(clip, half, Coop.version()).classifier(out, classifier, preprocessing);
            return out;
        } catch (UnsupportedOperationException e) {
            throw new CommandFailure(
                    "%s cannot be an ONNX file: %s".formatted(learned.method().title(), e.getMessage()));
        }
    }

    private List<Path> towers() throws IOException {
        try (Clip clip = Clip.open(model.file())) {
            OnnxExport export = new OnnxExport(clip, half, Coop.version());
            Files.createDirectories(out);
            List<Path> files = List.of(out.resolve("image.onnx"), out.resolve("text.onnx"));
            export.imageTower(files.get(0));
            export.textTower(files.get(1));
            return files;
        }
    }
}
