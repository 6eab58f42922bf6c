package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.LineFormat;
import org.coop4j.cli.PromptOptions.OfModel;
import org.coop4j.clip.Clip;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.console.WrongUsage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.Confidence;
import org.coop4j.serve.ServedModels;
import org.coop4j.tags.LabelFolders;
import org.coop4j.tags.TagFolder;
import org.coop4j.tags.TagFolder.Options;
import org.coop4j.tags.TagFolder.Status;
import org.coop4j.tags.TagFolder.Tagged;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop tag}: what a classifier says, in the XMP sidecars of photo programs. */
@Command(name = "tag")
final class TagCommand extends ConsoleCommand {

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    OfModel model;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    TemplateOptions templateOptions;

    @Mixin
    Arithmetic precision;

    @Option(names = "--threshold", paramLabel = "P")
    Double threshold;

    @Option(names = "--unknown", paramLabel = "WORD")
    String unknown;

    @Option(names = "--root", paramLabel = "PATH")
    String root;

    @Option(names = "--name", paramLabel = "NAME")
    String name;

    @Option(names = "--sidecar", paramLabel = "full|stem", defaultValue = "full")
    String sidecar;

    @Option(names = "--follow")
    boolean follow;

    @Option(names = "--again")
    boolean again;

    @Option(names = "--dry-run")
    boolean dry;

    @Option(names = "--undo")
    boolean undo;

    @Option(names = "--no-xmp")
    boolean noXmp;

    @ArgGroup
    Into into;

    @ArgGroup
    LineFormat format = new LineFormat();

    /** Folder that gets the pictures, a folder per class. */
    static final class Into {
        @Option(names = "--copy", paramLabel = "DIR")
        Path copy;

        @Option(names = "--move", paramLabel = "DIR")
        Path move;

        LabelFolders folders(List<String> labels) {
            return WrongUsage.unless(() -> new LabelFolders(move != null ? move : copy, move != null, labels));
        }
    }

    @Parameters(arity = "1..*", paramLabel = "DIR")
    List<Path> folders;

    private final Map<Status, Integer> counts = new EnumMap<>(Status.class);
    private int removed;
    private int placed;

    @Override
    public Integer call() throws IOException {
        require(
                threshold == null || (threshold >= 0 && threshold <= 1),
                "--threshold: expected 0 to 1, got %s",
                threshold);
        require(List.of("full", "stem").contains(sidecar), "--sidecar: expected full or stem, got %s", sidecar);
        if (undo) {
            require(prompt == null || name == null, "--undo takes the name of a classifier: --name, or --prompt");
            require(into == null && !noXmp, "--undo takes back all of it: omit --no-xmp, --copy and --move");
            return print(null, options(List.of(), "", null));
        }
        require(prompt == null || !classOptions.areGiven(), "--prompt has its own classes: omit --classes");
        require(
                prompt != null || (classOptions.areGiven() && model.file != null),
                "what should be said? Give a learned classifier (--prompt), or --model and --classes");
        return prompt == null ? zeroShot() : learned();
    }

    private int learned() throws IOException {
        PromptOptions options = new PromptOptions(prompt, model);
        ClassifierFile file = options.read();
        OptionalDouble suggested = Confidence.of(file).threshold();
        Double least =
                threshold != null ? threshold : suggested.isPresent() ? Double.valueOf(suggested.getAsDouble()) : null;
        try (Clip clip = options.open(file, precision.ofAnswers());
                ImageClassifier classifier = ImageClassifier.of(
                        clip,
                        PromptOptions.classifier(file, clip, file.classNames()),
                        file.origin().exif())) {
            require(
                    into == null || into.move == null || !classifier.predictsSets(),
                    "--move: a picture of several labels has no one folder; use --copy");
            return print(
                    classifier,
                    options(classifier.classNames(), Sha256.of(ClassifierModel.classifierFile(prompt)), least));
        }
    }

    private int zeroShot() throws IOException {
        List<String> names = classOptions.read();
        try (Clip clip = Clip.open(model.file(), model.vocabulary.clip(precision.ofAnswers()))) {
            UnknownWords.warning(clip, names).ifPresent(console::warn);
            var prompts = templateOptions.prompts(Optional.empty());
            Classifier chosen = prompts.classifier(clip, names);
            String identity = Sha256.of(clip.modelSha256() + names + prompts.templates());
            try (ImageClassifier classifier = ImageClassifier.of(clip, chosen, ExifOrientation.APPLY)) {
                return print(classifier, options(names, identity, threshold));
            }
        }
    }

    private Options options(List<String> classes, String classifierSha256, Double least) {
        String own = name != null ? name : prompt == null ? ServedModels.ZERO_SHOT : runName();
        List<String> labels = new ArrayList<>(classes);
        if (unknown != null) {
            labels.add(unknown);
        }
        return new Options(
                own,
                classifierSha256,
                root == null ? "coop4j/" + own : root,
                least,
                unknown,
                sidecar.equals("stem"),
                follow,
                again,
                dry,
                !noXmp,
                into == null ? null : into.folders(labels));
    }

    private String runName() {
        return prompt.toAbsolutePath().normalize().toFile().getName().replaceFirst("\\.safetensors$", "");
    }

    private int print(ImageClassifier classifier, Options options) throws IOException {
        WrongUsage.unless(() -> {
            options.require(classifier == null ? List.of() : classifier.classNames());
            return options;
        });
        Format chosen = format.chosen();
        boolean all = name == null && prompt == null;
        List<Tagged> problems = new ArrayList<>();
        if (into != null && into.move != null) {
            console.warn("photo programs lose sight of moved pictures; --undo moves them back");
        }
        try (Table<Tagged>.Printer printer = rows().printer(chosen, console)) {
            for (Path folder : folders) {
                try (TagFolder tags = TagFolder.open(folder, options, StateFolder.of(System.getenv()), console)) {
                    Consumer<Tagged> each = one -> {
                        counts.merge(one.status(), 1, Integer::sum);
                        removed += one.removed();
                        placed += one.to().isEmpty() ? 0 : 1;
                        if (one.status() == Status.FAILED) {
                            console.warn(folder.resolve(one.path()) + ": " + one.reason());
                            problems.add(one);
                        }
                        if (chosen != Format.TABLE) {
                            printer.print(one);
                        }
                    };
                    if (undo) {
                        tags.undo(one -> all || one.equals(options.name()), each);
                    } else {
                        tags.tag(classifier, tags.pictures(), each);
                    }
                }
            }
        }
        summary();
        return problems.isEmpty() ? 0 : 1;
    }

    private void summary() {
        List<String> parts = new ArrayList<>();
        counts.forEach((status, number) -> parts.add(count(number) + " " + word(status)));
        console.note((dry ? "this would be: " : "")
                + (parts.isEmpty() ? "nothing to do" : String.join(", ", parts))
                + (into == null
                        ? ""
                        : "; %s to %s"
                                .formatted(
                                        count(placed, "picture", "pictures")
                                                + (into.move != null ? " moved" : " copied"),
                                        into.move != null ? into.move : into.copy))
                + (removed == 0
                        ? ""
                        : "; %s by hand and not written again (--again writes them)"
                                .formatted(count(removed, "tag was removed", "tags were removed"))));
    }

    private String word(Status status) {
        return undo && status == Status.UPDATED ? "taken back" : status.word();
    }

    private static Table<Tagged> rows() {
        return new Table<Tagged>()
                .text("path", Tagged::path)
                .text("labels", one -> String.join("; ", one.names()))
                .in(Format.TABLE, Format.CSV)
                .data("labels", Tagged::withProbabilities)
                .in(Format.JSON, Format.JSON_LINES)
                .text("status", one -> one.status().word())
                .text("reason", Tagged::reason)
                .text("sidecar", Tagged::sidecar)
                .text("to", one -> String.join("; ", one.to()))
                .in(Format.TABLE, Format.CSV)
                .data("to", Tagged::to)
                .in(Format.JSON, Format.JSON_LINES);
    }
}
