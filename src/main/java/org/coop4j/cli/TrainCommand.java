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
import org.coop4j.cli.console.WrongUsage;
import org.coop4j.cli.options.BankOptions;
import org.coop4j.cli.options.CacheFolder;
import org.coop4j.cli.options.ClipOptions;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.cli.options.JsonOption;
import org.coop4j.cli.options.MemoryOption;
import org.coop4j.cli.options.ResumeOption;
import org.coop4j.clip.Clip;
import org.coop4j.method.ClassPosition;
import org.coop4j.run.ReferencePreset;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.TrainConfig;
import org.coop4j.run.TrainRun;
import org.coop4j.weights.model.ClipConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
            paramLabel = "N",
            description = "Where every random draw begins (default: 1).")
    private Long seed;

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

    @Mixin private BankOptions bankOptions;
    @Mixin private MemoryOption memory;
    @Mixin private ResumeOption resume;
    @Mixin private JsonOption json;

    TrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        checkSeeds();
        TrainConfig config = config();
        TrainRun.Options options =
                new TrainRun.Options(
                        bankOptions.folder(CacheFolder.bank()),
                        bankOptions.skipBad(),
                        memory.limit());
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
        if (json.isGiven()) {
            Json.print(report.toJson(), console.out());
        } else {
            report.print(console.out());
        }
        return 0;
    }

    private void checkSeeds() {
        if (!seeds.isEmpty() && seed != null) {
            throw new WrongUsage("--seeds and --seed exclude each other: omit one");
        }
        if (new HashSet<>(seeds).size() < seeds.size()) {
            throw new WrongUsage("--seeds names a seed twice");
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
        if (resume.isGiven() && finished(folder)) {
            console.note(folder + " is finished already");
            return RunFolder.read(folder.resolve(RunFolder.RESULT), RunResult.class);
        }
        try (TrainDisplay display = new TrainDisplay(console)) {
            return new TrainRun(clip, config, options, display).run(folder, resume.isGiven());
        }
    }

    private static boolean finished(Path folder) {
        return Files.exists(folder.resolve(RunFolder.PROVENANCE));
    }

    private TrainConfig config() {
        if (words != null && context != null) {
            throw new WrongUsage("--init gives one vector a token: omit --context, or --init");
        }
        applyPreset();
        int resolvedEpochs = epochs != null ? epochs : TrainConfig.referenceEpochs(shots);
        return WrongUsage.unless(
                () ->
                        new TrainConfig(
                                dataOptions.spec(),
                                dataOptions.half(),
                                shots,
                                seed == null ? 1 : seed,
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
                                checkpointEvery));
    }

    private void applyPreset() {
        if (preset == null) {
            return;
        }
        ReferencePreset chosen = WrongUsage.unless(() -> ReferencePreset.named(preset));
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
            throw new WrongUsage("--views is \"" + views + "\": give a number, or \"epochs\"");
        }
        return Integer.parseInt(views);
    }
}
