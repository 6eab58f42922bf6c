package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.Progress;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.page.Shots;
import org.coop4j.run.Images;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Sample;
import picocli.CommandLine.Option;

/** The folder of runs, the sample that they learn from, and their seeds. */
final class RunOptions {

    private static final String EPOCHS = "epochs";

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "DIR")
    Path out;

    @Option(
            names = {"-k", "--shots"},
            paramLabel = "K|all")
    Shots shots;

    @Option(names = "--seed", paramLabel = "N")
    Long seed;

    @Option(names = "--seeds", split = ",", paramLabel = "N")
    List<Long> seeds = List.of();

    @Option(names = "--with-unlabelled")
    boolean withUnlabelled;

    @Option(names = "--own-thresholds")
    boolean ownThresholds;

    @Option(names = "--split", paramLabel = "T/V/E")
    String split;

    @Option(names = "--preset", paramLabel = "NAME")
    ReferencePreset preset;

    @Option(names = "--fast")
    boolean fast;

    @Option(names = "--budget", paramLabel = "MINUTES", converter = Positive.class)
    Integer budget;

    @Option(names = "--views", paramLabel = "K|epochs")
    String views;

    @Option(names = "--checkpoint-every", defaultValue = "10", paramLabel = "N")
    int checkpointEvery;

    @Option(names = "--resume")
    boolean resume;

    @Option(names = "--again")
    boolean again;

    /** Returns the seeds of the runs, checked. */
    List<Long> seeds() {
        require(!again || !resume, "--again and --resume exclude each other: omit one");
        require(seeds.isEmpty() || seed == null, "--seeds and --seed exclude each other: omit one");
        require(new HashSet<>(seeds).size() == seeds.size(), "--seeds names a seed twice");
        return seed != null ? List.of(seed) : seeds.isEmpty() ? List.of(1L) : seeds;
    }

    /** Returns the training images per class, 0 for all: by default the reference's where its protocol is followed. */
    int shots(DataOptions data) {
        boolean reference = data.benchmark != null || preset != null;
        return shots != null ? shots.sampled() : reference ? MethodsCommand.SHOTS : 0;
    }

    /**
     * Returns the threads of this machine, or as many as a run began with that is resumed: its last digits depend on their
     * number.
     */
    Workers workers(Progress progress) throws IOException {
        Optional<Integer> begun = resume ? RunFolder.threadsBegunWith(out) : Optional.empty();
        if (begun.isPresent()) {
            progress.note("computing with %s, as the run began".formatted(count(begun.get(), "thread")));
            return new Workers(begun.get());
        }
        return Workers.standard();
    }

    /** Returns the data with the percentages of its split, if they were given. */
    DataSpec of(DataSpec data) {
        return split == null ? data : WrongUsage.unless(() -> data.withSplit(split));
    }

    /**
     * Returns a method's settings for few cores, if they are wanted and it has some.
     *
     * @param lists of the run's classes
     */
    Optional<Method.Fast> fast(Method method, FeatureSpace space, ImageDataset lists, int sampled) {
        if (!fast && (budget == null || method.group() != Method.Group.TOWERS)) {
            return Optional.empty();
        }
        return WrongUsage.unless(() -> Candidate.fast(method, sampled, space, lists));
    }

    /** Checks that the preset is for the model. */
    void requireModelOfPreset(FeatureSpace space) throws IOException {
        if (preset != null) {
            CommandFailure.unless(() -> preset.requireModel(space));
        }
    }

    /** Returns the configuration of a run. */
    RunConfig config(Images images, DataSpec data, ClassHalf half, Candidate candidate, long runSeed)
            throws IOException {
        RunData lists = RunData.of(data, images.dataset(data, runSeed), half);
        String model = images.space().modelSha256();
        Training training = candidate.training();
        Method method = candidate.method().defaults();
        ImageDataset whole = images.dataset(data, runSeed).half(half);
        int usual = fast(method, images.space(), whole, candidate.shots())
                .map(Method.Fast::views)
                .orElse(0);
        return WrongUsage.unless(() -> {
            Sample sample =
                    new Sample(candidate.shots(), runSeed, views(training, usual), withUnlabelled, ownThresholds);
            return RunConfig.of(model, lists, candidate.method(), training, sample)
                    .in(images.space())
                    .withCheckpointEvery(checkpointEvery);
        });
    }

    /**
     * @param usual views where none are given
     */
    private int views(Training training, int usual) {
        String given = views == null && preset != null ? EPOCHS : views;
        if (given == null || !training.trains()) {
            return usual;
        }
        require(given.matches("\\d{1,6}|" + EPOCHS), "--views is \"%s\": expected a number, or \"epochs\"", given);
        return given.equals(EPOCHS) ? training.epochs() : Integer.parseInt(given);
    }
}
