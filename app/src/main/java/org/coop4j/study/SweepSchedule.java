package org.coop4j.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig;
import org.coop4j.run.Sample;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.weights.model.ClipConfig;

/**
 * Makes the list of runs of a plan, in the order in which they are done: dataset by dataset, first
 * on all classes, then on the halves, then on other data; in each, first what is not learned, then
 * few shots before many.
 */
final class SweepSchedule {

    private static final String IMAGENET = "ImageNet";

    /** A transformer block's products, in squares of its width, for a token. */
    private static final double BLOCK = 12;

    /** Multiplications of a ResNet bottleneck at 64 channels and 224 pixels, about. */
    private static final double BOTTLENECK = 2.2e8;

    /** Reading, decoding and resizing a photograph takes as long as so many, about. */
    private static final double DECODING = 2e8;

    /** A multiplication outside of matrix products takes as long as so many in them, about. */
    private static final double ALONE = 20;

    private final String modelSha256;
    private final Clip clip;
    private final SweepPlan plan;
    private final Map<String, SweepDataset> datasets;
    private final Map<Path, SweepRun> runs = new LinkedHashMap<>();
    private String section = "";

    private SweepSchedule(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets) throws IOException {
        this.modelSha256 = clip.modelSha256();
        this.clip = clip;
        this.plan = plan;
        this.datasets = datasets;
    }

    /**
     * All runs of a plan.
     *
     * @param datasets its datasets by name
     * @throws PlanException if settings contradict one another
     */
    static List<SweepRun> of(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets) throws IOException {
        SweepSchedule schedule = new SweepSchedule(clip, plan, datasets);
        for (SweepPlan.Dataset dataset : plan.datasets()) {
            schedule.add(datasets.get(dataset.name()));
        }
        return List.copyOf(schedule.runs.values());
    }

    private void add(SweepDataset dataset) throws PlanException {
        section = dataset.name();
        Choice everything = new Choice(Set.of(section), methodNames(), Set.copyOf(plan.shots()));
        addPrompts(dataset, ClassHalf.ALL, everything);
        List<SweepRun> learned = addLearned(dataset, ClassHalf.ALL, everything);
        if (plan.baseToNew().isPresent() && plan.baseToNew().get().datasets().contains(dataset.name())) {
            addBaseToNew(dataset, plan.baseToNew().get());
        }
        if (plan.testOn().isPresent() && plan.testOn().get().from().datasets().contains(dataset.name())) {
            addTestOn(dataset, learned, plan.testOn().get());
        }
    }

    private Set<String> methodNames() {
        return plan.methods().stream().map(PlannedMethod::name).collect(Collectors.toSet());
    }

    private void addBaseToNew(SweepDataset dataset, Choice choice) throws PlanException {
        addPrompts(dataset, ClassHalf.BASE, choice);
        List<SweepRun> learned = addLearned(dataset, ClassHalf.BASE, choice);
        addPrompts(dataset, ClassHalf.NEW, choice);
        learned.forEach(source -> addTransfer(source, dataset, ClassHalf.NEW));
    }

    private void addTestOn(SweepDataset dataset, List<SweepRun> learned, SweepPlan.TestOn testOn)
            throws PlanException {
        Choice choice = testOn.from();
        for (SweepPlan.Dataset planned : testOn.targets()) {
            SweepDataset target = datasets.get(planned.name());
            if (target.name().equals(dataset.name())) {
                continue;
            }
            addPrompts(target, ClassHalf.ALL, choice);
            for (SweepRun source : learned) {
                if (choice.methods().contains(source.label())
                        && choice.shots().contains(source.config().sample().shots())) {
                    addTransfer(source, target, ClassHalf.ALL);
                }
            }
        }
    }

    private void add(SweepRun run) {
        runs.putIfAbsent(run.folder(), run);
    }

    /** Methods that learn nothing are tested once. */
    private void addPrompts(SweepDataset dataset, ClassHalf half, Choice choice) throws PlanException {
        for (PlannedMethod planned : plan.methods()) {
            if (!planned.method().learns() && choice.methods().contains(planned.name())) {
                add(run(dataset, half, planned, 0, 0));
            }
        }
    }

    private List<SweepRun> addLearned(SweepDataset dataset, ClassHalf half, Choice choice) throws PlanException {
        List<SweepRun> learned = new ArrayList<>();
        for (int shots : plan.shots()) {
            for (PlannedMethod planned : plan.methods()) {
                if (planned.method().learns()
                        && choice.methods().contains(planned.name())
                        && choice.shots().contains(shots)) {
                    for (long seed : plan.seeds()) {
                        learned.add(run(dataset, half, planned, shots, seed));
                    }
                }
            }
        }
        learned.forEach(this::add);
        return learned;
    }

    private SweepRun run(SweepDataset dataset, ClassHalf half, PlannedMethod planned, int shots, long seed)
            throws PlanException {
        Overrides said = planned.training().or(dataset.settings()).or(plan.settings());
        try {
            Method method = planned.method();
            Training training = said.applied(reference(dataset, method, shots), shots);
            Sample sample = new Sample(shots, seed, said.views(training));
            RunConfig config = RunConfig.of(modelSha256, dataset.data(half), method, training, sample)
                    .withCheckpointEvery(said.checkpointEvery());
            return SweepRun.of(
                    planned.name(),
                    config,
                    method.learns() ? Optional.of(dataset) : Optional.empty(),
                    dataset,
                    Optional.empty(),
                    section,
                    work(dataset, half, config));
        } catch (IllegalArgumentException e) {
            throw new PlanException(
                    "%s, %s, %s: %s"
                            .formatted(dataset.name(), planned.name(), Numbers.count(shots, "shot"), e.getMessage()),
                    e);
        }
    }

    private static Training reference(SweepDataset dataset, Method method, int shots) {
        return IMAGENET.equals(dataset.data().benchmark()) ? method.trainingOnImageNet(shots) : method.training(shots);
    }

    private SweepRun.Work work(SweepDataset dataset, ClassHalf half, RunConfig config) {
        Sample sample = config.sample();
        Training training = config.training();
        int images = config.method().learns() ? dataset.trainImages(sample.shots(), half) : 0;
        int batches = training.trains() ? Math.max(1, images / training.batch()) : 0;
        double encoding = (double) sample.views() * images * imageWork(clip);
        double fit =
                config.method().learner(clip, dataset.task(half, sample.seed())).work(images, training);
        int classes = dataset.classNames(half).size();
        double scores = scoreWork(classes, dataset.testImages(half));
        return new SweepRun.Work(encoding, encoding + fit + scores, (long) batches * training.epochs());
    }

    private void addTransfer(SweepRun source, SweepDataset target, ClassHalf half) {
        int classes = target.classNames(half).size();
        double work = scoreWork(classes, target.testImages(half));
        add(SweepRun.of(
                source.label(),
                source.config().testedOn(target.data(half)),
                source.learned(),
                target,
                Optional.of(source),
                section,
                new SweepRun.Work(0, work, 0)));
    }

    // Work, in multiplications: so that the time left of runs as different as a step on 10 and one on 1,000 classes can
    // be told from the time taken

    /** Encoding an image file. */
    static double imageWork(Clip clip) {
        ClipConfig.Vision vision = clip.architecture().vision();
        if (vision instanceof ClipConfig.Vit vit) {
            return DECODING + vit.tokens() * vit.layers() * BLOCK * vit.width() * vit.width();
        }
        int blocks = vision instanceof ClipConfig.ResNet resNet
                ? resNet.layers().stream().mapToInt(Integer::intValue).sum()
                : 1;
        double width = vision.width() / 64.0;
        double size = vision.imageSize() / 224.0;
        return DECODING + blocks * BOTTLENECK * width * width * size * size;
    }

    private double scoreWork(int classes, int images) {
        return ALONE * classes * images * clip.architecture().embedDim();
    }
}
