package org.coop4j.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.clip.Clip;
import org.coop4j.data.ClassHalf;
import org.coop4j.run.TrainConfig;
import org.coop4j.train.BatchOrder;

/**
 * Makes the list of runs of a plan, in the order in which they are done: dataset by dataset, first
 * on all classes, then on the halves, then on other data; in each, first what is not learned, then
 * few shots before many.
 */
final class Schedule {

    private static final String IMAGENET = "ImageNet";

    /** The reference trains on ImageNet for so long, whatever the shots. */
    private static final int IMAGENET_EPOCHS = 50;

    private final String modelSha256;
    private final Clip clip;
    private final SweepPlan plan;
    private final Map<String, CheckedDataset> datasets;
    private final Effort effort;
    private final Map<Path, SweepRun> runs = new LinkedHashMap<>();
    private String section = "";

    private Schedule(Clip clip, SweepPlan plan, Map<String, CheckedDataset> datasets)
            throws IOException {
        this.modelSha256 = clip.model().sha256();
        this.clip = clip;
        this.plan = plan;
        this.datasets = datasets;
        this.effort = new Effort(clip);
    }

    /**
     * All runs of a plan.
     *
     * @param datasets its datasets by name
     * @throws PlanException if settings contradict one another
     */
    static List<SweepRun> of(Clip clip, SweepPlan plan, Map<String, CheckedDataset> datasets)
            throws IOException {
        Schedule schedule = new Schedule(clip, plan, datasets);
        for (SweepPlan.Dataset dataset : plan.datasets()) {
            schedule.add(datasets.get(dataset.name()));
        }
        return List.copyOf(schedule.runs.values());
    }

    /** The part of the plan's methods and shots that something is done with. */
    private record Choice(Set<String> methods, Set<Integer> shots) {}

    private void add(CheckedDataset dataset) throws PlanException {
        section = dataset.name();
        Choice everything = new Choice(methodNames(), Set.copyOf(plan.shots()));
        addPrompts(dataset, ClassHalf.ALL, everything);
        List<SweepRun> learned = addLearned(dataset, ClassHalf.ALL, everything);
        if (plan.baseToNew().isPresent()
                && plan.baseToNew().get().datasets().contains(dataset.name())) {
            addBaseToNew(dataset, plan.baseToNew().get());
        }
        if (plan.testOn().isPresent() && plan.testOn().get().from().contains(dataset.name())) {
            addTestOn(dataset, learned, plan.testOn().get());
        }
    }

    private Set<String> methodNames() {
        return plan.methods().stream().map(SweepMethod::name).collect(Collectors.toSet());
    }

    private void addBaseToNew(CheckedDataset dataset, SweepPlan.BaseToNew halves)
            throws PlanException {
        Choice choice = new Choice(halves.methods(), halves.shots());
        addPrompts(dataset, ClassHalf.BASE, choice);
        List<SweepRun> learned = addLearned(dataset, ClassHalf.BASE, choice);
        addPrompts(dataset, ClassHalf.NEW, choice);
        learned.forEach(source -> addTransfer(source, dataset, ClassHalf.NEW));
    }

    private void addTestOn(
            CheckedDataset dataset, List<SweepRun> learned, SweepPlan.TestOn testOn) {
        Choice choice = new Choice(testOn.methods(), testOn.shots());
        for (SweepPlan.Dataset planned : testOn.targets()) {
            CheckedDataset target = datasets.get(planned.name());
            if (target.name().equals(dataset.name())) {
                continue;
            }
            addPrompts(target, ClassHalf.ALL, choice);
            for (SweepRun source : learned) {
                if (choice.methods().contains(source.config().method())
                        && choice.shots().contains(source.config().shots())) {
                    addTransfer(source, target, ClassHalf.ALL);
                }
            }
        }
    }

    private void add(SweepRun run) {
        runs.putIfAbsent(run.folder(), run);
    }

    private void addPrompts(CheckedDataset dataset, ClassHalf half, Choice choice) {
        for (SweepMethod method : plan.methods()) {
            if (method instanceof SweepMethod.HandWritten prompts
                    && choice.methods().contains(method.name())) {
                List<String> templates = prompts.templates(dataset.data().handWrittenPrompt());
                RunConfig config =
                        new RunConfig(
                                method.name(),
                                modelSha256,
                                null,
                                dataset.lists(),
                                half,
                                0,
                                0,
                                templates,
                                null);
                int classes = dataset.classNames(half).size();
                add(
                        SweepRun.of(
                                config,
                                new SweepRun.Task.Prompts(),
                                dataset,
                                section,
                                0,
                                effort.prompts(
                                        templates.size(), classes, dataset.testImages(half))));
            }
        }
    }

    private List<SweepRun> addLearned(CheckedDataset dataset, ClassHalf half, Choice choice)
            throws PlanException {
        List<SweepRun> learned = new ArrayList<>();
        for (int shots : plan.shots()) {
            for (SweepMethod method : plan.methods()) {
                if (choice.methods().contains(method.name()) && choice.shots().contains(shots)) {
                    for (long seed : plan.seeds()) {
                        if (method instanceof SweepMethod.Context context) {
                            learned.add(context(dataset, half, context, shots, seed));
                        } else if (method instanceof SweepMethod.Probe) {
                            learned.add(probe(dataset, half, method, shots, seed));
                        }
                    }
                }
            }
        }
        learned.forEach(this::add);
        return learned;
    }

    private SweepRun probe(
            CheckedDataset dataset, ClassHalf half, SweepMethod method, int shots, long seed) {
        RunConfig config =
                new RunConfig(
                        method.name(),
                        modelSha256,
                        dataset.lists(),
                        dataset.lists(),
                        half,
                        shots,
                        seed,
                        null,
                        null);
        int classes = dataset.classNames(half).size();
        double work =
                effort.probe(classes, dataset.trainImages(shots, half))
                        + effort.scores(classes, dataset.testImages(half));
        return SweepRun.of(config, new SweepRun.Task.Probe(dataset), dataset, section, 0, work);
    }

    private SweepRun context(
            CheckedDataset dataset,
            ClassHalf half,
            SweepMethod.Context method,
            int shots,
            long seed)
            throws PlanException {
        TrainConfig training;
        try {
            training = training(dataset, half, method, shots, seed);
        } catch (IllegalArgumentException e) {
            throw new PlanException(
                    "%s, %s, %d shots: %s"
                            .formatted(dataset.name(), method.name(), shots, e.getMessage()),
                    e);
        }
        RunConfig config =
                new RunConfig(
                        method.name(),
                        modelSha256,
                        dataset.lists(),
                        dataset.lists(),
                        half,
                        shots,
                        seed,
                        null,
                        training);
        int images = dataset.trainImages(shots, half);
        long steps =
                (long) new BatchOrder(images, training.batch(), seed).batches() * training.epochs();
        List<int[]> prompts = ContextPrompts.pieces(clip, method, dataset.classNames(half));
        double encode = (double) training.views() * images * effort.image();
        double work =
                encode
                        + steps * effort.step(prompts)
                        + effort.test(prompts, dataset.testImages(half));
        return SweepRun.of(
                config, new SweepRun.Task.Train(dataset, steps), dataset, section, encode, work);
    }

    private TrainConfig training(
            CheckedDataset dataset,
            ClassHalf half,
            SweepMethod.Context method,
            int shots,
            long seed) {
        Overrides settings = method.settings().or(dataset.settings()).or(plan.settings());
        TrainConfig reference = TrainConfig.reference(dataset.data(), shots, seed);
        int epochs =
                settings.epochs()
                        .flatMap(said -> said.of(shots))
                        .orElse(
                                IMAGENET.equals(dataset.data().benchmark())
                                        ? IMAGENET_EPOCHS
                                        : reference.epochs());
        return new TrainConfig(
                dataset.data(),
                half,
                shots,
                seed,
                method.words().isPresent() ? reference.contextLength() : method.length(),
                method.position(),
                method.classSpecific(),
                method.words().orElse(null),
                epochs,
                settings.batch().orElse(reference.batch()),
                settings.rate().orElse(reference.rate()),
                settings.warmupEpochs().orElse(reference.warmupEpochs()),
                settings.warmupRate().orElse(reference.warmupRate()),
                settings.momentum().orElse(reference.momentum()),
                settings.weightDecay().orElse(reference.weightDecay()),
                settings.views().map(said -> said.of(epochs)).orElse(reference.views()),
                settings.checkpointEvery().orElse(reference.checkpointEvery()));
    }

    private void addTransfer(SweepRun source, CheckedDataset target, ClassHalf half) {
        RunConfig learned = source.config();
        RunConfig config =
                new RunConfig(
                        learned.method(),
                        modelSha256,
                        learned.learnedFrom(),
                        target.lists(),
                        half,
                        learned.shots(),
                        learned.seed(),
                        null,
                        learned.config());
        int classes = target.classNames(half).size();
        double work = effort.prompts(1, classes, target.testImages(half));
        add(SweepRun.of(config, new SweepRun.Task.Transfer(source), target, section, 0, work));
    }
}
