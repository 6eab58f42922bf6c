package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.cli.Options.requireShare;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Into;
import org.coop4j.cli.Options.LineFormat;
import org.coop4j.cli.ServeCommand.Named;
import org.coop4j.clip.Clip;
import org.coop4j.console.Interrupt.Termination;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.Confidence;
import org.coop4j.serve.ServedModels;
import org.coop4j.tags.FolderWatch;
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

    /** Pause between looks for notices of the system. */
    private static final Duration LOOK = Duration.ofMillis(250);

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    ModelOptions model;

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

    @Option(names = "--watch")
    boolean watch;

    @Option(names = "--poll", paramLabel = "S", defaultValue = "60")
    int poll;

    @ArgGroup
    LineFormat format = new LineFormat();

    @Parameters(arity = "1..*", paramLabel = "DIR")
    List<Path> folders;

    private final Map<Status, Integer> counts = new EnumMap<>(Status.class);
    private int removed;
    private int placed;

    @Override
    public Integer call() throws IOException {
        requireShare(threshold);
        require(List.of("full", "stem").contains(sidecar), "--sidecar: expected full or stem, got %s", sidecar);
        require(poll > 0, "--poll: expected 1 second or more, got %s", poll);
        require(!watch || !(undo || dry), "--watch writes what comes: omit --undo and --dry-run");
        if (undo) {
            require(prompt == null || name == null, "--undo takes the name of a classifier: --name, or --prompt");
            require(into == null && !noXmp, "--undo takes back all of it: omit --no-xmp, --copy and --move");
            return print(null, options(List.of(), "", null));
        }
        require(prompt == null || !classOptions.areGiven(), "--prompt has its own classes: omit --classes");
        require(
                prompt != null || (classOptions.areGiven() && model.model != null),
                "what should be said? Give a learned classifier (--prompt), or --model and --classes");
        return prompt == null ? zeroShot() : learned();
    }

    private int learned() throws IOException {
        LearnedClassifier learned = model.learned(prompt);
        ClassifierFile file = learned.file();
        OptionalDouble suggested = Confidence.of(file).threshold();
        Double least = threshold == null && suggested.isPresent() ? (Double) suggested.getAsDouble() : threshold;
        try (Clip clip = learned.open(precision.ofAnswers())) {
            Classifier chosen = learned.in(clip, file.classNames(), console);
            return tag(clip, chosen, file.origin().exif(), Sha256.of(learned.path()), least);
        }
    }

    private int zeroShot() throws IOException {
        List<String> names = classOptions.read();
        try (Clip clip = model.vocabulary.open(model.model, precision.ofAnswers())) {
            UnknownWords.warning(clip, names).ifPresent(console::warn);
            PromptEnsemble prompts = templateOptions.prompts(clip);
            String identity = Sha256.of(clip.modelSha256() + names + prompts.templates());
            return tag(clip, prompts.classifier(clip, names), ExifOrientation.APPLY, identity, threshold);
        }
    }

    private int tag(Clip clip, Classifier chosen, ExifOrientation exif, String identity, Double least)
            throws IOException {
        try (ImageClassifier classifier = ImageClassifier.of(clip, chosen, exif)) {
            require(
                    into == null || into.move == null || !classifier.predictsSets(),
                    "--move: a picture of several labels has no one folder; use --copy");
            return print(classifier, options(classifier.classNames(), identity, least));
        }
    }

    private Options options(List<String> classes, String classifierSha256, Double least) {
        String own = name != null ? name : prompt == null ? ServedModels.ZERO_SHOT : Named.of(prompt);
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
                into == null ? null : unless(() -> into.folders(labels)));
    }

    private int print(ImageClassifier classifier, Options options) throws IOException {
        unless(() -> options.require(classifier == null ? List.of() : classifier.classNames()));
        if (into != null && into.move != null) {
            console.warn("photo programs lose sight of moved pictures; --undo moves them back");
        }
        List<Closeable> opened = new ArrayList<>();
        Closeable closing = () -> {
            for (Closeable one : opened) {
                one.close();
            }
        };
        try (Termination termination = watch ? new Termination() : null;
                Table<Tagged>.Printer printer = rows().printer(format.chosen(), console);
                closing) {
            Map<FolderWatch, TagFolder> watched = new LinkedHashMap<>();
            for (Path folder : folders) {
                TagFolder tags = TagFolder.open(folder, options, StateFolder.of(System.getenv()), console);
                opened.add(tags);
                if (undo) {
                    boolean all = name == null && prompt == null;
                    tags.undo(one -> all || one.equals(options.name()), one -> take(tags, one, printer));
                } else if (watch) {
                    FolderWatch looks = new FolderWatch(tags, Duration.ofSeconds(poll), console::warn);
                    opened.add(0, looks);
                    watched.put(looks, tags);
                } else {
                    tags.tag(classifier, tags.pictures(entered -> {}), one -> take(tags, one, printer));
                }
            }
            if (watch) {
                console.note("watching; SIGTERM or Ctrl-C ends it after the pictures at work");
                termination.await(
                        LOOK, () -> watched.forEach((looks, tags) -> tagDue(classifier, looks, tags, printer)));
                termination.succeed();
            }
            summary();
        }
        return counts.containsKey(Status.FAILED) && !watch ? 1 : 0;
    }

    /** Tags the pictures that are whole. */
    private void tagDue(ImageClassifier classifier, FolderWatch looks, TagFolder tags, Table<Tagged>.Printer printer) {
        try {
            List<Path> due = looks.due(TagFolder.BATCH);
            if (!due.isEmpty()) {
                tags.tag(classifier, due, one -> {
                    if (one.status() != Status.FAILED
                            || !looks.triesAgain(tags.folder().resolve(one.path()))) {
                        take(tags, one, printer);
                    }
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void take(TagFolder tags, Tagged one, Table<Tagged>.Printer printer) {
        counts.merge(one.status(), 1, Integer::sum);
        removed += one.removed();
        placed += one.to().isEmpty() ? 0 : 1;
        if (one.status() == Status.FAILED) {
            console.warn(tags.folder().resolve(one.path()) + ": " + one.reason());
        }
        if (format.chosen() != Format.TABLE) {
            printer.print(one);
        }
    }

    private void summary() {
        List<String> parts = new ArrayList<>();
        counts.forEach((status, number) ->
                parts.add(count(number) + " " + (undo && status == Status.UPDATED ? "taken back" : status.word())));
        console.note((dry ? "this would be: " : "")
                + (parts.isEmpty() ? "nothing to do" : String.join(", ", parts))
                + (into == null ? "" : "; " + into.done(placed))
                + (removed == 0
                        ? ""
                        : "; %s by hand and not written again (--again writes them)"
                                .formatted(count(removed, "tag was removed", "tags were removed"))));
    }

    private static Table<Tagged> rows() {
        return new Table<Tagged>()
                .text("path", Tagged::path)
                .nested("labels", one -> String.join("; ", one.names()), Tagged::labels)
                .text("status", one -> one.status().word())
                .text("reason", Tagged::reason)
                .text("sidecar", Tagged::sidecar)
                .nested("to", one -> String.join("; ", one.to()), Tagged::to);
    }
}
