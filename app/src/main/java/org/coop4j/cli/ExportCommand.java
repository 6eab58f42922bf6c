package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.unless;
import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ReferenceCheckpoint;
import org.coop4j.model.convert.CheckpointForm;
import org.coop4j.onnx.OnnxExport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop export}: a learned classifier for other programs. */
@Command(name = "export")
final class ExportCommand extends ConsoleCommand {

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    ModelOptions model;

    @Option(names = "--onnx")
    boolean onnx;

    @Option(names = "--as", paramLabel = "FORM")
    CheckpointForm form;

    @Option(names = "--with-preprocessing")
    boolean preprocessing;

    @Option(names = "--fp16")
    boolean half;

    @Option(names = "--epoch", paramLabel = "N", converter = Positive.class)
    Integer epoch;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "PATH")
    Path out;

    @Override
    public Integer call() throws IOException {
        boolean learned = prompt != null;
        require(
                learned || (onnx && model.model != null),
                "give a classifier with --prompt RUN|FILE, or a model alone with --onnx");
        require(form == null || (learned && !onnx), "--as writes a whole model: give a classifier and omit --onnx");
        require(form == null || epoch == null, "--epoch is for prompts: omit it with --as");
        require(!onnx || epoch == null, "--epoch is for checkpoints: omit it with --onnx");
        require(onnx || !(half || preprocessing), "--fp16 and --with-preprocessing need --onnx");
        require(learned || !preprocessing, "--with-preprocessing is for classifiers: give one with --prompt");
        (learned ? classifier() : towers()).forEach(file -> console.print(file.toString()));
        return 0;
    }

    private List<Path> classifier() throws IOException {
        LearnedClassifier learned = model.learned(prompt);
        ClassifierFile file = learned.file();
        try (Clip clip = learned.open()) {
            if (form == null && !onnx) {
                int last = epoch != null ? epoch : file.origin().epochs().orElse(50);
                return List.of(unless(() -> ReferenceCheckpoint.write(out, clip, file, last)));
            }
            if (form != null) {
                Map<String, float[]> changed = file.method().changedWeights(clip, file);
                return unless(() -> form.write(out, clip.model(), changed));
            }
            try (Classifier classifier = learned.in(clip, file.classNames(), console)) {
                new OnnxExport(clip, half, Coop.version()).classifier(out, classifier, preprocessing);
                return List.of(out);
            }
        } catch (UnsupportedOperationException e) {
            throw new CommandFailure("%s %s: %s"
                    .formatted(
                            file.method().title(),
                            onnx ? "cannot be an ONNX file" : "is not a model of its own",
                            e.getMessage()));
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
