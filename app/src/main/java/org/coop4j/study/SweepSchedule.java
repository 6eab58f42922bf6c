package org.coop4j.study;

import static org.coop4j.base.Numbers.count;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.RunConfig;
import org.coop4j.run.Sample;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.PlannedTraining;
import org.coop4j.study.SweepPlan.TestOn;

/**
 * Makes the list of runs of a plan, in order: dataset by dataset, first on all classes, then on
 * the halves, then on other data; in each, first what is not learned, then few shots before many.
 *
 * @param datasets the plan's datasets by name
 * @param runs the runs so far by folder
 */
record SweepSchedule(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets, Map<Path, SweepRun> runs) {

    /** A limit for plans that multiply by mistake. */
    private static final int MOST_RUNS = 1_000_000;

    private static final String IMAGENET = "ImageNet";

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
        Choice all = Choice.of(plan.datasets(), plan.methods(), plan.shots());
        add(dataset, ClassHalf.ALL, all, false);
        List<SweepRun> learned = add(dataset, ClassHalf.ALL, all, true);
        if (plan.halves(dataset.name()).isPresent()) {
            Choice halves = plan.halves(dataset.name()).get();
            add(dataset, ClassHalf.BASE, halves, false);
            List<SweepRun> ofBase = add(dataset, ClassHalf.BASE, halves, true);
            add(dataset, ClassHalf.NEW, halves, false);
            transfer(ofBase, halves, dataset, ClassHalf.NEW);
        }
        if (plan.testOn().isPresent() && plan.testOn().get().from().datasets().contains(dataset.name())) {
            TestOn test = plan.testOn().get();
            for (Dataset planned : test.targets()) {
                SweepDataset target = datasets.get(planned.name());
                if (!target.name().equals(dataset.name())) {
                    add(target, ClassHalf.ALL, test.from(), false);
                    transfer(learned, test.from(), target, ClassHalf.ALL);
                }
            }
        }
    }

    /** Adds tests of what was learned on other data. */
    private void transfer(List<SweepRun> learned, Choice choice, SweepDataset target, ClassHalf half) {
        learned.stream()
                .filter(run -> choice.has(run.label(), run.shots()))
                .forEach(run -> add(new SweepRun(run.label(), run.config().testedOn(target.data(half)))));
    }

    private SweepRun add(SweepRun run) {
        runs.putIfAbsent(run.folder(), run);
        return run;
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
                boolean chosen = learning
                        ? choice.has(planned.name(), shots)
                        : choice.methods().contains(planned.name());
                if (chosen && planned.method().learns() == learning) {
                    for (int seed : learning ? plan.seeds() : List.of(0)) {
                        added.add(add(run(dataset, half, planned, shots, seed)));
                    }
                }
            }
        }
        return added;
    }

    private PlannedTraining training(
            Method method, Training start, int views, SweepDataset dataset, PlannedMethod planned, int shots) {
        Training adapted = method.adapted(start, clip.logitScale());
        return plan.training(PlannedTraining.of(adapted, views), dataset.planned(), planned, shots);
    }

    private SweepRun run(SweepDataset dataset, ClassHalf half, PlannedMethod planned, int shots, int seed)
            throws IOException {
        Method method = planned.method();
        try {
            Training reference = IMAGENET.equals(dataset.planned().data().benchmark())
                    ? method.trainingOnImageNet(shots)
                    : method.training(shots);
            PlannedTraining training = training(method, reference, 0, dataset, planned, shots);
            int classes = dataset.classNames().size() / (half == ClassHalf.ALL ? 1 : 2);
            int images = shots == 0 ? dataset.images() : Math.min(dataset.images(), shots * classes);
            Optional<Method.Fast> fast = training.fast() ? method.fast(clip, images, classes) : Optional.empty();
            if (fast.isPresent()) {
                Map<String, Object> own = new LinkedHashMap<>();
                Settings.of(method.settings()).keySet().stream()
                        .filter(planned.training()::containsKey)
                        .forEach(name -> own.put(name, planned.training().get(name)));
                method = fast.get().method().with(own);
                training = training(method, fast.get().training(), fast.get().views(), dataset, planned, shots);
            }
            Sample sample =
                    new Sample(shots, seed, training.viewCount(), training.unlabelled(), training.ownThresholds());
            RunConfig config = RunConfig.of(clip.modelSha256(), dataset.data(half), method, training.training(), sample)
                    .in(clip)
                    .withCheckpointEvery(training.checkpointEvery());
            return new SweepRun(planned.name(), config);
        } catch (IllegalArgumentException e) {
            throw new PlanException(
                    "%s, %s, %s: %s".formatted(dataset.name(), planned.name(), count(shots, "shot"), e.getMessage()));
        }
    }
}
