package org.coop4j.study;

import static java.util.stream.Collectors.toSet;
import static org.coop4j.base.Numbers.count;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig;
import org.coop4j.run.Sample;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.TestOn;
import org.coop4j.study.SweepRun.Work;
import org.coop4j.weights.model.ClipConfig;

/**
 * Makes the list of runs of a plan, in the order in which they are done: dataset by dataset, first
 * on all classes, then on the halves, then on other data; in each, first what is not learned, then
 * few shots before many.
 *
 * @param datasets the plan's datasets by name
 * @param runs the runs so far by folder
 */
record SweepSchedule(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets, Map<Path, SweepRun> runs) {

    /** More runs than anybody does, few enough to list. */
    private static final int MOST_RUNS = 1_000_000;

    private static final String IMAGENET = "ImageNet";

    /** A transformer block's products, in squares of its width, for a token. */
    private static final double BLOCK = 12;

    /** Reading, decoding and resizing a photograph takes roughly as long as this many. */
    private static final double DECODING = 2e8;

    /**
     * Returns all runs of a plan.
     *
     * @param datasets its datasets by name
     * @throws PlanException if settings contradict one another
     */
    static List<SweepRun> of(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets) throws IOException {
        requireFew(plan);
        SweepSchedule schedule = new SweepSchedule(clip, plan, datasets, new LinkedHashMap<>());
        for (Dataset dataset : plan.datasets()) {
            schedule.add(datasets.get(dataset.name()));
        }
        return List.copyOf(schedule.runs.values());
    }

    /** Counts the runs before any is made: a short plan may mean more than fit into memory. */
    private static void requireFew(SweepPlan plan) throws PlanException {
        int methods = plan.methods().size();
        int shots = plan.shots().size();
        int seeds = plan.seeds().size();
        int tests = 1
                + (plan.baseToNew().isPresent() ? 2 : 0)
                + plan.testOn().map(test -> test.targets().size()).orElse(0);
        double runs = (double) methods * shots * seeds * tests * plan.datasets().size();
        if (runs > MOST_RUNS) {
            throw new PlanException("up to %,.0f runs of %d methods, %d shots and %d seeds: expected at most %,d"
                    .formatted(runs, methods, shots, seeds, MOST_RUNS));
        }
    }

    private void add(SweepDataset dataset) throws IOException {
        Set<String> methods = plan.methods().stream().map(PlannedMethod::name).collect(toSet());
        Choice everything = new Choice(Set.of(dataset.name()), methods, Set.copyOf(plan.shots()));
        add(dataset, ClassHalf.ALL, everything, false);
        List<SweepRun> learned = add(dataset, ClassHalf.ALL, everything, true);
        Optional<Choice> halves =
                plan.baseToNew().filter(choice -> choice.datasets().contains(dataset.name()));
        if (halves.isPresent()) {
            add(dataset, ClassHalf.BASE, halves.get(), false);
            List<SweepRun> ofBase = add(dataset, ClassHalf.BASE, halves.get(), true);
            add(dataset, ClassHalf.NEW, halves.get(), false);
            ofBase.forEach(source -> addTransfer(source, dataset, ClassHalf.NEW));
        }
        if (plan.testOn().isPresent() && plan.testOn().get().from().datasets().contains(dataset.name())) {
            addTestOn(dataset, learned, plan.testOn().get());
        }
    }

    private void addTestOn(SweepDataset dataset, List<SweepRun> learned, TestOn testOn) throws IOException {
        Choice choice = testOn.from();
        for (Dataset planned : testOn.targets()) {
            SweepDataset target = datasets.get(planned.name());
            if (!target.name().equals(dataset.name())) {
                add(target, ClassHalf.ALL, choice, false);
                learned.stream()
                        .filter(run -> choice.methods().contains(run.label()))
                        .filter(run -> choice.shots().contains(run.shots()))
                        .forEach(source -> addTransfer(source, target, ClassHalf.ALL));
            }
        }
    }

    private void add(SweepRun run) {
        runs.putIfAbsent(run.folder(), run);
    }

    /**
     * Adds the runs of some methods.
     *
     * @param learning true for those that learn; the others are tested once
     */
    private List<SweepRun> add(SweepDataset dataset, ClassHalf half, Choice choice, boolean learning)
            throws IOException {
        List<SweepRun> added = new ArrayList<>();
        for (int shots : learning ? plan.shots() : List.of(0)) {
            for (PlannedMethod planned : plan.methods()) {
                boolean chosen = choice.methods().contains(planned.name())
                        && planned.method().learns() == learning
                        && (!learning || choice.shots().contains(shots));
                for (long seed : !chosen ? List.<Long>of() : learning ? plan.seeds() : List.of(0L)) {
                    added.add(run(dataset, half, planned, shots, seed));
                }
            }
        }
        added.forEach(this::add);
        return added;
    }

    private SweepRun run(SweepDataset dataset, ClassHalf half, PlannedMethod planned, int shots, long seed)
            throws IOException {
        Overrides overrides = planned.training().or(dataset.settings()).or(plan.settings());
        Method method = planned.method();
        try {
            Training reference = IMAGENET.equals(dataset.data().benchmark())
                    ? method.trainingOnImageNet(shots)
                    : method.training(shots);
            Training training = overrides.applied(method.adapted(reference, clip.logitScale()), shots);
            Sample sample = new Sample(shots, seed, overrides.views(training));
            RunConfig config = RunConfig.of(clip.modelSha256(), dataset.data(half), method, training, sample)
                    .in(clip)
                    .withCheckpointEvery(overrides.checkpointEvery());
            return SweepRun.of(planned.name(), config, dataset, Optional.empty(), work(dataset, half, config));
        } catch (IllegalArgumentException e) {
            throw new PlanException(
                    "%s, %s, %s: %s".formatted(dataset.name(), planned.name(), count(shots, "shot"), e.getMessage()));
        }
    }

    private void addTransfer(SweepRun source, SweepDataset target, ClassHalf half) {
        RunConfig config = source.config().testedOn(target.data(half));
        add(SweepRun.of(source.label(), config, target, Optional.of(source), new Work(0, 0, 0)));
    }

    // Work, in multiplications, without scoring, which is hardly any. It predicts the time left of runs as different as
    // a step on 10 and one on 1,000 classes.

    /** Estimates the work of encoding an image file. */
    static double imageWork(Clip clip) {
        ClipConfig.Vision vision = clip.architecture().vision();
        double side = (double) vision.imageSize() / ClipConfig.ResNet.STRIDE;
        return DECODING
                + (vision instanceof ClipConfig.Vit vit
                        ? vit.tokens() * vit.layers() * BLOCK * vit.width() * vit.width()
                        : side * side * clip.architecture().parameterCount());
    }

    private Work work(SweepDataset dataset, ClassHalf half, RunConfig config) {
        Sample sample = config.sample();
        Training training = config.training();
        int images = config.method().learns() ? dataset.trainImages(sample.shots(), half) : 0;
        int batches = training.trains() ? Math.max(1, images / training.batch()) : 0;
        double encoding = (double) sample.views() * images * imageWork(clip);
        double fit =
                config.method().learner(clip, dataset.task(half, sample.seed())).work(images, training);
        return new Work(encoding, encoding + fit, (long) batches * training.epochs());
    }
}
