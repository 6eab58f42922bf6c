package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.CommandFailure;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.options.CacheFolder;
import org.coop4j.cli.options.ClipOptions;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.method.ClassPosition;
import org.coop4j.run.ReferencePreset;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.TrainConfig;
import org.coop4j.run.TrainRun;
import org.coop4j.weights.model.ClipConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code coop train}: learns context vectors from a few images a class. */
@Command(
        name = "train",
        description = {
            "Learn a prompt for your own classes from a few images of each, and test it beside"
                    + " hand-written prompts.",
            "",
            "CLIP stays as it is; only a few context vectors in front of the class names are"
                + " learned (CoOp). The defaults are the reference's: 16 vectors at the end, shared"
                + " by all classes; 50 epochs for 1 shot, 100 for 2 and 4, 200 for more.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop train -m clip.safetensors -d pictures/ --shots 16 -o run",
            "  coop train -m clip.safetensors -d pictures/ -k 4 --csc --seeds 1,2,3 -o runs",
            "  coop train -m clip.safetensors -d pictures/ --init \"a photo of a\" -o run",
            "  coop train -m clip.safetensors --dataset caltech101 -d DATA -o run",
            "",
            "An interrupted run goes on with the same command and --resume."
        })
final class TrainCommand implements Callable<Integer> {

    private final Console console;

    @Spec private CommandSpec spec;
    @Mixin private ClipOptions clipOptions;
    @Mixin private DataOptions dataOptions;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "DIR",
            description = "The run's folder; with --seeds, the folder of its folders.")
    private Path out;

    @Option(
            names = {"-k", "--shots"},
            defaultValue = "16",
            paramLabel = "K",
            description = "Training images a class; 0 takes all (default: ${DEFAULT-VALUE}).")
    private int shots;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Where every random draw begins (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "N",
            description = "Several runs, such as 1,2,3; reports mean and standard deviation.")
    private List<Long> seeds = List.of();

    @Option(
            names = {"-M", "--context"},
            paramLabel = "M",
            description = "Number of context vectors (default: 16).")
    private Integer context;

    @Option(
            names = "--position",
            converter = Converters.PositionName.class,
            defaultValue = "end",
            paramLabel = "WHERE",
            description =
                    "Where the class name stands: end, middle or front (default:"
                            + " ${DEFAULT-VALUE}).")
    private ClassPosition position;

    @Option(
            names = "--csc",
            description = "Class-specific context: each class learns vectors of its own.")
    private boolean classSpecific;

    @Option(
            names = "--init",
            paramLabel = "WORDS",
            description =
                    "Words that the context begins as, one vector a token; without it, random"
                            + " numbers.")
    private String words;

    @Option(names = "--epochs", paramLabel = "N", description = "Number of epochs.")
    private Integer epochs;

    @Option(
            names = "--batch",
            defaultValue = "32",
            paramLabel = "N",
            description = "Images of a step (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--lr",
            defaultValue = "0.002",
            paramLabel = "RATE",
            description = "Highest learning rate (default: ${DEFAULT-VALUE}).")
    private double rate;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = {
                "A configuration of the reference, such as coop-vit-b16 or coop-vit-b16-ctxv1: the"
                        + " defaults here, with its words, and --views epochs. Other options given"
                        + " beside it win."
            })
    private String preset;

    @Option(
            names = "--views",
            paramLabel = "K|epochs",
            description = {
                "Random crops of each training image that are encoded, used in turn; \"epochs\" is"
                    + " the reference's protocol, a new crop each epoch. 0 takes the centre crop"
                    + " alone, the fastest (default: 0, and epochs with --preset)."
            })
    private String views;

    @Option(
            names = "--checkpoint-every",
            defaultValue = "10",
            paramLabel = "N",
            description = "Epochs between checkpoints (default: ${DEFAULT-VALUE}).")
    private int checkpointEvery;

    @Option(
            names = "--bank",
            paramLabel = "DIR",
            description =
                    "Where image features are kept between runs (default: in the user's cache).")
    private Path bank;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description =
                    "Memory for a step's intermediate values, such as 800M; with less than all"
                            + " classes need, they go in parts, with the same result.")
    private String memory;

    @Option(names = "--skip-bad", description = "Go on without images that cannot be read.")
    private boolean skipBad;

    @Option(names = "--resume", description = "Go on with the run that the folder holds.")
    private boolean resume;

    @Option(names = "--json", description = "Print the results as JSON.")
    private boolean json;

    TrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        checkSeeds();
        TrainConfig config = config();
        TrainRun.Options options = options();
        List<RunResult> results = new ArrayList<>();
        try (Clip clip = clipOptions.openForTexts()) {
            checkPreset(clip);
            if (seeds.isEmpty()) {
                results.add(run(clip, config, options, out));
            }
            for (long one : seeds) {
                Path folder = out.resolve("seed" + one);
                console.note("seed " + one + ": " + folder);
                results.add(run(clip, config.withSeed(one), options, folder));
            }
        }
        TrainReport report = new TrainReport(results, config, out);
        if (json) {
            Json.print(report.toJson(), console.out());
        } else {
            report.print(console.out());
        }
        return 0;
    }

    private void checkSeeds() {
        if (!seeds.isEmpty() && spec.commandLine().getParseResult().hasMatchedOption("--seed")) {
            throw new ParameterException(
                    spec.commandLine(), "--seeds and --seed exclude each other: leave one out");
        }
        if (new HashSet<>(seeds).size() < seeds.size()) {
            throw new ParameterException(spec.commandLine(), "--seeds names a seed twice");
        }
    }

    private void checkPreset(Clip clip) throws IOException {
        if (preset == null) {
            return;
        }
        String wanted = ReferencePreset.named(preset).architecture();
        if (!ClipConfig.named(wanted).equals(clip.architecture())) {
            throw new CommandFailure(
                    "preset " + preset + " is for " + wanted + ", which this model is not");
        }
    }

    private RunResult run(Clip clip, TrainConfig config, TrainRun.Options options, Path folder)
            throws IOException {
        if (resume && finished(folder)) {
            console.note(folder + " is finished already");
            return RunFolder.read(folder.resolve(RunFolder.RESULT), RunResult.class);
        }
        try (TrainDisplay display = new TrainDisplay(console)) {
            return new TrainRun(clip, config, options, display).run(folder, resume);
        }
    }

    private static boolean finished(Path folder) {
        return Files.exists(folder.resolve(RunFolder.PROVENANCE));
    }

    private TrainRun.Options options() {
        try {
            MemoryLimit limit = memory == null ? MemoryLimit.none() : MemoryLimit.parse(memory);
            return new TrainRun.Options(bank == null ? CacheFolder.bank() : bank, skipBad, limit);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private TrainConfig config() {
        if (words != null && context != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--init gives one vector a token: leave out --context, or --init");
        }
        applyPreset();
        int resolvedEpochs = epochs != null ? epochs : TrainConfig.referenceEpochs(shots);
        try {
            return new TrainConfig(
                    dataOptions.spec(),
                    dataOptions.half(),
                    shots,
                    seed,
                    context == null ? TrainConfig.REFERENCE_LENGTH : context,
                    position,
                    classSpecific,
                    words,
                    resolvedEpochs,
                    batch,
                    rate,
                    1,
                    1e-5,
                    0.9,
                    5e-4,
                    views(resolvedEpochs),
                    checkpointEvery);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void applyPreset() {
        if (preset == null) {
            return;
        }
        ReferencePreset chosen;
        try {
            chosen = ReferencePreset.named(preset);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (words == null && context == null) {
            words = chosen.words().orElse(null);
        }
        views = views == null ? "epochs" : views;
    }

    private int views(int resolvedEpochs) {
        if (views == null) {
            return 0;
        }
        if (views.equals("epochs")) {
            return resolvedEpochs;
        }
        if (!views.matches("\\d{1,6}")) {
            throw new IllegalArgumentException(
                    "--views is \"" + views + "\": give a number, or \"epochs\"");
        }
        return Integer.parseInt(views);
    }
}
