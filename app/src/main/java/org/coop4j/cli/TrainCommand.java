package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.Memory;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Interrupt;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DataSpec;
import org.coop4j.data.DataSpec.InSpace;
import org.coop4j.findings.RunComparison;
import org.coop4j.findings.RunComparison.ComparedRun;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.report.RunPage;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.Sample;
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
        candidates(FeatureSpace.USUAL_LOGIT_SCALE); // refuses wrong settings before the model is opened
        require(!methodOptions.choose() || runOptions.seeds.isEmpty(), "a method is chosen for one seed: omit --seeds");
        List<PromptEnsemble> prompts = WrongUsage.unless(
                () -> templates.stream().map(PromptEnsemble::of).toList());
        InSpace opened = spaceOptions.open(
                runOptions.of(exif.of(dataOptions.spec())), precision.or(FLOAT32), runOptions.workers(console));
        data = opened.data();
        Interrupt interrupt = new Interrupt(console, Interrupt.RESUME);
        try (FeatureSpace space = opened.space()) {
            runOptions.requireModelOfPreset(space);
            Images images = bankOptions.images(space, memory.limit);
            requireFit(images, prompts);
            double logitScale = space.logitScale();
            List<Candidate> candidates = candidates(logitScale);
            CandidateGrid.adaptedRates(candidates, logitScale).forEach(console::note);
            TrainReport report = learn(images, chosen(images, candidates), prompts);
            if (asJson.json) {
                console.print(report.toJson());
            } else {
                report.print(console);
            }
        } finally {
            interrupt.close();
        }
        return 0;
    }

    private List<Candidate> candidates(double logitScale) {
        ReferencePreset preset = runOptions.preset;
        return methodOptions.candidates(preset == null ? Map.of() : preset.settings(), runOptions.shots, logitScale);
    }

    /** Checks the user's own prompts before anything is learned. */
    private void requireFit(Images images, List<PromptEnsemble> prompts) throws IOException {
        if (!prompts.isEmpty()) {
            List<String> names =
                    images.dataset(data, seeds.get(0)).half(dataOptions.half()).classNames();
            prompts.forEach(own -> own.requireFit(images.space(), names));
        }
    }

    /** Returns the candidates to learn: the best of them if one is to be chosen, otherwise all. */
    private MethodChoice chosen(Images images, List<Candidate> candidates) throws IOException {
        if (!methodOptions.choose()) {
            return new MethodChoice(candidates, List.of(), false);
        }
        RunFolder.requireFree(runOptions.out, runOptions.resume);
        Candidate learns =
                candidates.stream().filter(c -> c.method().learns()).findFirst().orElse(candidates.get(0));
        return MethodChoice.best(images, config(images, learns, seeds.get(0)), candidates, console);
    }

    private RunConfig config(Images images, Candidate candidate, long seed) throws IOException {
        return runOptions.config(images, data, dataOptions.half(), candidate, seed);
    }

    /** Learns with each seed and compares the results with simpler classifiers. */
    private TrainReport learn(Images images, MethodChoice choice, List<PromptEnsemble> prompts) throws IOException {
        List<RunResult> results = new ArrayList<>();
        List<RunComparison> comparisons = new ArrayList<>();
        for (long seed : seeds) {
            List<ComparedRun> runs = new ArrayList<>();
            try {
                for (Candidate candidate : choice.chosen()) {
                    ComparedRun run =
                            run(images, candidate, seed, choice.chosen().size() > 1);
                    runs.add(run);
                    results.add(run.result());
                }
                Sample sample = new Sample(choice.chosen().get(0).shots(), seed);
                RunComparison comparison = RunComparison.of(images, runs, sample, prompts, console::note);
                RunPage.write(runs, comparison, choice, images.space().workers().count());
                comparisons.add(comparison);
            } finally {
                runs.forEach(run -> run.learned().close());
            }
        }
        images.forget();
        return new TrainReport(results, comparisons, choice, runOptions.out);
    }

    /**
     * Learns a candidate.
     *
     * @param several methods are learned, each in a folder of its own
     */
    private ComparedRun run(Images images, Candidate candidate, long seed, boolean several) throws IOException {
        Path out = runOptions.out;
        Path ofMethod = several ? out.resolve(candidate.method().id()) : out;
        Path folder = runOptions.seeds.isEmpty() ? ofMethod : ofMethod.resolve("seed" + seed);
        String title = candidate.method().title();
        if (!folder.equals(out)) {
            console.note("%s, seed %d: %s".formatted(title, seed, folder));
        }
        RunConfig config = config(images, candidate, seed);
        Learned learned = new Run(images, title, config, console).learn(folder, runOptions.resume);
        return new ComparedRun(candidate.name() + learnedFrom(learned.result()), folder, learned);
    }

    /** Returns the shots to show behind the method's name, unless a class has fewer images. */
    private String learnedFrom(RunResult result) {
        int all = result.classes() * result.shots();
        return all == 0 || result.trainImages() != all || methodOptions.tried().containsKey(CandidateGrid.SHOTS)
                ? ""
                : ", " + count(result.shots(), "shot");
    }
}
