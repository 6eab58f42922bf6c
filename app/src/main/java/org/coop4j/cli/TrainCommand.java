package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.cli.options.MethodOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.SpaceOptions;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Interrupt;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.train.Training;
import org.coop4j.run.DataSpec;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.ReferencePreset;
import org.coop4j.run.Run;
import org.coop4j.run.RunComparison;
import org.coop4j.run.RunComparison.ComparedRun;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.Sample;
import org.coop4j.run.SharedData;
import org.coop4j.study.report.RunPage;
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
            "  coop train -m clip.safetensors -d pictures/ --method auto,coop -o run",
            "  coop train --method tip-adapter -d features.safetensors \\",
            "    --class-features texts.safetensors -o run",
            "",
            "To resume an interrupted run, repeat the command with --resume."
        })
final class TrainCommand implements Callable<Integer> {

    private final Console console;

    @Mixin
    private SpaceOptions spaceOptions;

    @Mixin
    private DataOptions.Required dataOptions;

    @Mixin
    private Options.Exif exif;

    @Mixin
    private MethodOptions methodOptions;

    @Option(
            names = {"-t", "--template"},
            paramLabel = "TEXT",
            description = {
                "A hand-written prompt of yours with {} for the class name, to be compared with;"
                        + " may be given several times."
            })
    private List<String> templates = List.of();

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

    @Option(names = "--seed", paramLabel = "N", description = "Random seed (default: 1).")
    private Long seed;

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "N",
            description = "Several runs, such as 1,2,3; reports mean and standard deviation.")
    private List<Long> seeds = List.of();

    @Option(
            names = "--split",
            paramLabel = "T/V/E",
            description = {
                "Percentages of each class to learn from, to choose by and to test on, where the"
                        + " data has no division (default: 50/20/30)."
            })
    private String split;

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

    @Mixin
    private Options.Bank bankOptions;

    @Mixin
    private Options.Memory memory;

    @Mixin
    private Options.Arithmetic precision;

    @Option(names = "--resume", description = "Resume the run in the folder.")
    private boolean resume;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    private DataSpec data; // known when the model is

    TrainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        checkSeeds();
        Optional<ReferencePreset> chosen = preset();
        List<Candidate> candidates =
                methodOptions.candidates(chosen.flatMap(ReferencePreset::words).orElse(null), shots);
        boolean tuned = methodOptions.choose();
        if (tuned && !seeds.isEmpty()) {
            throw new WrongUsage("a method is chosen for one seed: omit --seeds");
        }
        List<PromptEnsemble> own = WrongUsage.unless(
                () -> templates.stream().map(PromptEnsemble::of).toList());
        List<RunResult> results = new ArrayList<>();
        List<RunComparison> found = new ArrayList<>();
        MethodChoice choice = MethodChoice.all(candidates);
        SpaceOptions.Opened opened = spaceOptions.open(described(), precision.precision());
        data = opened.data();
        Interrupt interrupt = new Interrupt(console, Interrupt.RESUME);
        try (FeatureSpace space = opened.space()) {
            if (chosen.isPresent()) {
                checkPreset(space, chosen.get());
            }
            SharedData shared = bankOptions.shared(space, memory.limit());
            requireFit(space, shared, own);
            if (tuned) {
                RunFolder.requireFree(out, resume);
                choice = choose(shared, candidates);
            }
            for (long one : seeds.isEmpty() ? List.of(firstSeed()) : seeds) {
                List<ComparedRun> runs = new ArrayList<>();
                for (Candidate candidate : choice.chosen()) {
                    Path folder = folder(choice.chosen(), candidate, one);
                    RunConfig config = config(shared, candidate, one);
                    RunResult result = run(shared, candidate, config, folder, one);
                    runs.add(new ComparedRun(candidate.name() + learnedFrom(result), config, folder, result));
                    results.add(result);
                }
                int used = choice.chosen().get(0).shots();
                RunComparison evidence = RunComparison.of(shared, runs, new Sample(used, one), own, console::note);
                RunPage.write(runs, evidence, choice, space.workers().count());
                found.add(evidence);
            }
        } finally {
            interrupt.close();
        }
        TrainReport report = new TrainReport(results, found, choice, out);
        if (json) {
            console.print(report.toJson());
        } else {
            report.print(console.out());
        }
        return 0;
    }

    private DataSpec described() {
        DataSpec spec = exif.of(dataOptions.spec());
        return split == null ? spec : WrongUsage.unless(() -> spec.withSplit(split));
    }

    private long firstSeed() {
        return seed == null ? 1 : seed;
    }

    /** The user's own prompts are checked before anything is learned. */
    private void requireFit(FeatureSpace space, SharedData shared, List<PromptEnsemble> own) throws IOException {
        if (!own.isEmpty()) {
            List<String> names =
                    shared.dataset(data, firstSeed()).half(dataOptions.half()).classNames();
            own.forEach(prompts -> prompts.requireFit(space, names));
        }
    }

    private MethodChoice choose(SharedData shared, List<Candidate> candidates) throws IOException {
        Candidate learns =
                candidates.stream().filter(c -> c.method().learns()).findFirst().orElse(candidates.get(0));
        return MethodChoice.best(
                shared,
                config(shared, learns, firstSeed()),
                new Sample(mostShots(candidates), firstSeed()),
                candidates,
                console);
    }

    /** Of the candidates; 0 is all images. */
    private static int mostShots(List<Candidate> candidates) {
        return candidates.stream().anyMatch(c -> c.shots() == 0)
                ? 0
                : candidates.stream().mapToInt(Candidate::shots).max().orElseThrow();
    }

    /** In tables behind the method's name; not where a class has fewer images. */
    private String learnedFrom(RunResult result) {
        int all = result.classes() * result.shots();
        return all == 0 || result.trainImages() != all || methodOptions.triesShots()
                ? ""
                : ", " + Numbers.count(result.shots(), "shot");
    }

    /** The run's folder: a level for several methods, and one for several seeds. */
    private Path folder(List<Candidate> candidates, Candidate candidate, long one) {
        Path folder =
                candidates.size() == 1 ? out : out.resolve(candidate.method().id());
        return seeds.isEmpty() ? folder : folder.resolve("seed" + one);
    }

    private void checkSeeds() {
        if (!seeds.isEmpty() && seed != null) {
            throw new WrongUsage("--seeds and --seed exclude each other: omit one");
        }
        if (new HashSet<>(seeds).size() < seeds.size()) {
            throw new WrongUsage("--seeds names a seed twice");
        }
    }

    private Optional<ReferencePreset> preset() {
        return WrongUsage.unless(() -> Optional.ofNullable(preset).map(ReferencePreset::named));
    }

    private static void checkPreset(FeatureSpace space, ReferencePreset preset) throws IOException {
        Clip clip = space.requireTowers("preset " + preset.name());
        String wanted = preset.architecture();
        if (!ClipConfig.named(wanted).equals(clip.architecture())) {
            throw new CommandFailure("preset " + preset.name() + " is for " + wanted + ", which this model is not");
        }
    }

    private RunResult run(SharedData shared, Candidate candidate, RunConfig config, Path folder, long one)
            throws IOException {
        Method method = candidate.method();
        if (!folder.equals(out)) {
            console.note(method.title() + ", seed " + one + ": " + folder);
        }
        return new Run(shared, method.title(), config, console).run(folder, resume);
    }

    private RunConfig config(SharedData shared, Candidate candidate, long one) throws IOException {
        RunData lists = RunData.of(data, shared.dataset(data, one), dataOptions.half());
        Training training = candidate.training();
        String model = shared.space().modelSha256();
        return WrongUsage.unless(() -> RunConfig.of(
                        model, lists, candidate.method(), training, new Sample(candidate.shots(), one, views(training)))
                .in(shared.space().precision())
                .withCheckpointEvery(checkpointEvery));
    }

    private int views(Training training) {
        String said = views == null && preset != null ? "epochs" : views;
        if (said == null || !training.trains()) {
            return 0;
        }
        if (said.equals("epochs")) {
            return training.epochs();
        }
        if (!said.matches("\\d{1,6}")) {
            throw new WrongUsage("--views is \"" + said + "\": expected a number, or \"epochs\"");
        }
        return Integer.parseInt(said);
    }
}
