package org.coop4j.cli;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.plain;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.Memory;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Interrupt;
import org.coop4j.console.Json;
import org.coop4j.data.DataSpec;
import org.coop4j.data.DataSpec.HashedFile;
import org.coop4j.data.DataSpec.InSpace;
import org.coop4j.data.ImageDataset;
import org.coop4j.findings.RunComparison;
import org.coop4j.findings.RunComparison.ComparedRun;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.Training;
import org.coop4j.report.RunPage;
import org.coop4j.report.SetPage;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop train}: learns a classifier from a few images per class. */
@Command(name = "train")
final class TrainCommand extends ConsoleCommand {

    @Mixin
    SpaceOptions spaceOptions;

    @Mixin
    DataOptions dataOptions;

    @Mixin
    Exif exif;

    @Mixin
    MethodOptions methodOptions;

    @Option(
            names = {"-t", "--template"},
            paramLabel = "TEXT")
    List<String> templates = List.of();

    @Option(names = "--descriptions", paramLabel = "FILE", converter = FileName.class)
    Path descriptions;

    @Option(names = "--machine-labels", paramLabel = "FILE", converter = FileName.class)
    Path machineLabels;

    @Mixin
    RunOptions runOptions;

    @Mixin
    Bank bankOptions;

    @Mixin
    Memory memory;

    @Mixin
    Arithmetic precision;

    @Mixin
    AsJson asJson;

    private List<Long> seeds;
    private DataSpec data; // known when the model is

    @Override
    public Integer call() throws IOException {
        seeds = runOptions.seeds();
        // Refuses wrong settings before the model is opened.
        methodOptions.recipes(runOptions, dataOptions, Recipe::checked);
        require(
                runOptions.budget == null || methodOptions.names().contains(MethodOptions.AUTO),
                "--budget is for --method auto");
        require(!methodOptions.choose() || runOptions.seeds.isEmpty(), "a method is chosen for one seed: omit --seeds");
        List<PromptEnsemble> prompts =
                unless(() -> templates.stream().map(PromptEnsemble::of).toList());
        InSpace opened = spaceOptions.open(
                runOptions.of(exif.of(dataOptions.spec())),
                precision.or(FLOAT32),
                runOptions.workers(console),
                console);
        data = opened.data();
        if (descriptions != null) {
            data = ClassDescriptions.read(descriptions).in(data);
        }
        if (machineLabels != null) {
            data = data.with().machineLabels(HashedFile.of(machineLabels)).build();
        }
        Interrupt interrupt = new Interrupt(console, Interrupt.RESUME);
        try (interrupt;
                FeatureSpace space = opened.space()) {
            if (runOptions.preset != null) {
                runOptions.preset.requireModel(space);
            }
            Images images = bankOptions.images(space, memory.limit);
            ImageDataset lists = images.dataset(data, seeds.get(0)).half(dataOptions.half());
            require(
                    lists.hasSets() || !(runOptions.withUnlabelled || runOptions.ownThresholds),
                    "--with-unlabelled and --own-thresholds are for several labels per image: omit them");
            if (lists.hasSets()) {
                require(templates.isEmpty(), "--template is for single labels: omit it");
                methodOptions.ofSets();
            }
            prompts.forEach(own -> own.requireFit(space, lists.classNames()));
            Recipe.Lists counts = Recipe.Lists.of(data, lists);
            List<Recipe> candidates = methodOptions.recipes(
                    runOptions, dataOptions, (method, settings) -> Recipe.of(method, settings, counts, space));
            for (Recipe candidate : candidates) {
                Method method = candidate.method();
                unless(() -> method.requireSuits(lists.hasSets()));
                method.requireFits(space);
                unless(() -> method.in(space));
            }
            MethodChoice choice = chosen(images, lists, counts, candidates);
            noteSettings(choice.chosen(), counts, space.logitScale());
            int unused = noteUnused(images, lists, choice.chosen());
            if (lists.test().isEmpty()) {
                learnUntested(images, choice);
            } else {
                learn(images, lists.hasSets(), choice, prompts, unused);
            }
        }
        return 0;
    }

    /** Notes the settings of methods whose steps take seconds, and of those that were adapted. */
    private void noteSettings(List<Recipe> chosen, Recipe.Lists counts, double logitScale) {
        boolean fast = runOptions.fast || runOptions.budget != null;
        Set<String> adapted = new LinkedHashSet<>();
        for (Recipe recipe : chosen) {
            Method method = recipe.method();
            Training training = recipe.training();
            if (method.group() == Method.Group.TOWERS || (fast && method.group().runsTower())) {
                console.note(
                        "%s: %d epochs in batches of %d at rate %s, %s",
                        method.title(),
                        training.epochs(),
                        training.batch(),
                        plain(training.rate()),
                        fast ? "the fast settings" : "--fast takes a fraction of the steps");
            }
            recipe.adaptations(counts, logitScale)
                    .forEach(note -> adapted.add((chosen.size() > 1 ? method.id() + ": " : "") + note));
        }
        adapted.forEach(console::note);
    }

    private RunData lists(Images images, long seed) throws IOException {
        return images.data(data, seed, dataOptions.half());
    }

    /** Notes how many training and val images the method with most shots leaves unused, and returns their number. */
    private int noteUnused(Images images, ImageDataset lists, List<Recipe> candidates) throws IOException {
        Optional<Recipe> most = candidates.stream()
                .filter(c -> c.method().learns())
                .max(comparing(c -> c.shots() == 0 ? Integer.MAX_VALUE : c.shots()));
        if (most.isEmpty()) {
            return 0;
        }
        int all = lists.train().size() + lists.val().size() + lists.test().size();
        int unused = all
                - (int) images.used(most.get().on(lists(images, seeds.get(0)), images.space())).stream()
                        .filter(image -> !image.machine())
                        .count();
        if (unused > 0) {
            console.note(
                    "%s per class: %s outside of the test %s unused; --shots all uses %s",
                    count(most.get().shots(), "training image"),
                    count(unused, "labelled image"),
                    unused == 1 ? "is" : "are",
                    unused == 1 ? "it" : "them");
        }
        return unused;
    }

    /** Returns the recipes to learn: the best of them if one is to be chosen, otherwise all. */
    private MethodChoice chosen(Images images, ImageDataset lists, Recipe.Lists counts, List<Recipe> candidates)
            throws IOException {
        if (!methodOptions.choose()) {
            return MethodChoice.of(candidates);
        }
        RunFolder.requireFree(runOptions.out, runOptions.resume || runOptions.again);
        RunData learnedFrom = lists(images, seeds.get(0));
        MethodChoice quick = MethodChoice.best(images, learnedFrom, candidates, console);
        if (runOptions.budget == null) {
            return quick;
        }
        Method slow = Method.slow();
        try {
            slow.requireSuits(lists.hasSets());
            slow.requireFits(images.space());
        } catch (IllegalArgumentException e) {
            console.note("no method of the image tower is compared: " + e.getMessage());
            return quick;
        }
        Recipe recipe = unless(() -> Recipe.of(slow, runOptions.settings(slow, dataOptions), counts, images.space()));
        return quick.with(recipe, Duration.ofMinutes(runOptions.budget), images, learnedFrom, console);
    }

    /** Learns with each seed, compares the results of single labels with simpler classifiers, and prints all of them. */
    private void learn(Images images, boolean sets, MethodChoice choice, List<PromptEnsemble> prompts, int unused)
            throws IOException {
        List<ComparedRun> all = new ArrayList<>();
        List<RunComparison> comparisons = new ArrayList<>();
        boolean several = choice.chosen().size() > 1; // each in a folder of its own
        for (long seed : seeds) {
            List<ComparedRun> runs = new ArrayList<>();
            try {
                for (Recipe candidate : choice.chosen()) {
                    Path ofMethod =
                            several ? runOptions.out.resolve(candidate.method().id()) : runOptions.out;
                    ComparedRun run = run(
                            images,
                            candidate,
                            seed,
                            runOptions.seeds.isEmpty() ? ofMethod : ofMethod.resolve("seed" + seed));
                    runs.add(run);
                    all.add(run);
                    if (sets) {
                        SetPage.write(run, images.space(), console);
                    }
                }
                if (!sets) {
                    RunComparison comparison = RunComparison.of(images, runs, prompts, console::note);
                    RunPage.write(runs, comparison, choice, images.space(), console);
                    comparisons.add(comparison);
                }
            } finally {
                runs.forEach(run -> run.learned().close());
            }
        }
        images.forget();
        TrainReport report = new TrainReport(all, comparisons, choice, unused, runOptions.out);
        if (asJson.json) {
            console.print(report.toJson());
        } else {
            report.print(console);
        }
    }

    /** Learns from all images; there is a classifier and nothing else, as nothing is known of its accuracy. */
    private void learnUntested(Images images, MethodChoice choice) throws IOException {
        require(
                choice.chosen().size() == 1 && seeds.size() == 1 && !runOptions.resume,
                "without test images one method learns once: name one method and one seed, and omit --resume");
        keepAside(runOptions.out);
        RunFolder.requireFree(runOptions.out, false);
        Recipe recipe = choice.chosen().get(0).withSeed(seeds.get(0));
        Path file = Files.createDirectories(runOptions.out).resolve(RunFolder.CLASSIFIER);
        try (Learned learned = new Run(images, recipe, lists(images, seeds.get(0)), console).learn()) {
            learned.file().write(file);
        }
        console.warn("there are no test images: nothing tells how well it does on new pictures");
        if (asJson.json) {
            console.print(Json.object().put("untested", true).put("learned", file.toString()));
        } else {
            console.print("learned without a test: " + file);
        }
    }

    /** Keeps an earlier run in a folder aside, with --again. */
    private void keepAside(Path folder) throws IOException {
        data.requireOutside(folder);
        if (runOptions.again) {
            RunFolder.keepAside(folder)
                    .ifPresent(kept -> console.note("the earlier run in %s is kept as %s", folder, kept));
        }
    }

    private ComparedRun run(Images images, Recipe candidate, long seed, Path folder) throws IOException {
        keepAside(folder);
        String title = candidate.method().title();
        if (!folder.equals(runOptions.out)) {
            console.note("%s, seed %d: %s", title, seed, folder);
        }
        Learned learned = new Run(images, candidate.named(title).withSeed(seed), lists(images, seed), console)
                .learn(folder, runOptions.resume);
        return new ComparedRun(candidate.name() + learnedFrom(learned.result()), folder, learned);
    }

    /** Returns the shots to show behind the method's name, unless a class has fewer images. */
    private String learnedFrom(RunResult result) {
        int all = result.classes() * result.shots();
        return all == 0 || result.trainImages() != all || methodOptions.tried().containsKey("shots")
                ? ""
                : ", " + count(result.shots(), "shot");
    }
}
