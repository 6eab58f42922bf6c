package org.coop4j.study;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.run.Images;
import org.coop4j.run.Recipe;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;

/**
 * Makes the list of runs of a plan, in order: dataset by dataset, in each first what is not learned, then few shots before
 * many. A run that learns comes before those that test it elsewhere.
 */
final class SweepSchedule {

    /** Two classes in each half. */
    private static final int LEAST_CLASSES_TO_HALVE = 4;

    private final Clip clip;
    private final SweepPlan plan;
    private final Map<String, SweepDataset> datasets;
    private final Set<String> problems = new LinkedHashSet<>();

    SweepSchedule(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets) {
        this.clip = clip;
        this.plan = plan;
        this.datasets = datasets;
    }

    /**
     * Returns all runs of a plan. Finds the problems that would end a run before the first one begins: data that do not load,
     * methods for other labels, prompts too long.
     *
     * @throws PlanException with all problems
     */
    static List<SweepRun> of(Images shared, SweepPlan plan) throws PlanException {
        SweepSchedule schedule = new SweepSchedule(shared.clip(), plan, new HashMap<>());
        Stream.concat(plan.datasets().stream(), plan.targets().stream())
                .distinct()
                .forEach(planned -> {
                    schedule.attempt(planned.name(), () -> SweepDataset.of(planned, shared))
                            .ifPresent(dataset -> schedule.datasets.put(planned.name(), dataset));
                    shared.forget();
                });
        return schedule.runs();
    }

    private <T> Optional<T> attempt(String what, IoSupplier<T> made) {
        try {
            return Optional.of(made.get());
        } catch (IllegalArgumentException | IOException e) {
            problems.add(what + ": " + RunStore.describe(e));
            return Optional.empty();
        }
    }

    List<SweepRun> runs() throws PlanException {
        Map<Path, SweepRun> runs = new LinkedHashMap<>();
        plan.datasets().stream()
                .flatMap(planned -> Stream.ofNullable(datasets.get(planned.name())))
                .flatMap(dataset -> plan.methods().stream()
                        .flatMap(method -> runs(dataset, method).stream())
                        .sorted(comparing(run -> Shots.of(run.shots(), run.learns()))))
                .forEach(run -> runs.putIfAbsent(run.folder(), run));
        if (!problems.isEmpty()) {
            throw new PlanException(List.copyOf(problems));
        }
        return List.copyOf(runs.values());
    }

    private List<SweepRun> runs(SweepDataset dataset, PlannedMethod planned) {
        boolean learns = planned.method().learns();
        if (learns && dataset.counts().get(ClassHalf.ALL).images() == 0) {
            problems.add(dataset.name() + ": it has no training images: list it under test_on");
        }
        if (plan.halves().datasets().contains(dataset.name())
                && dataset.classNames().size() < LEAST_CLASSES_TO_HALVE) {
            problems.add(dataset.name() + ": base_to_new needs 4 classes or more");
        }
        List<SweepRun> runs = new ArrayList<>();
        if (!suits(dataset, planned, dataset)) {
            return runs;
        }
        List<SweepDataset> targets = plan.targets().stream()
                .flatMap(target -> Stream.ofNullable(datasets.get(target.name())))
                .filter(target -> !target.equals(dataset)
                        && plan.transfers().has(dataset.name(), planned)
                        && suits(target, planned, dataset))
                .toList();
        for (int shots : learns ? plan.shots() : List.of(0)) {
            for (int seed : learns ? plan.seeds() : List.of(0)) {
                run(dataset, ClassHalf.ALL, planned, shots, seed).ifPresent(run -> {
                    runs.add(run);
                    targets.stream()
                            .filter(target -> plan.transfers().has(planned, shots))
                            .forEach(target -> runs.add(run.testedOn(target.data(ClassHalf.ALL))));
                });
                if (plan.halves().has(dataset.name(), planned) && plan.halves().has(planned, shots)) {
                    run(dataset, ClassHalf.BASE, planned, shots, seed).ifPresent(run -> {
                        runs.add(run);
                        runs.add(run.testedOn(dataset.data(ClassHalf.NEW)));
                    });
                }
            }
        }
        return runs;
    }

    private boolean suits(SweepDataset dataset, PlannedMethod planned, SweepDataset source) {
        return attempt(dataset.name() + ": " + planned.name(), () -> {
                    dataset.requireSuits(clip, planned.method(), source);
                    return true;
                })
                .isPresent();
    }

    private Optional<SweepRun> run(SweepDataset dataset, ClassHalf half, PlannedMethod planned, int shots, int seed) {
        return attempt("%s, %s, %s".formatted(dataset.name(), planned.name(), count(shots, "shot")), () -> {
            Recipe.Lists lists = dataset.counts().get(half);
            Map<String, Object> settings = plan.settings(dataset.planned(), planned, shots, seed);
            Recipe recipe = Recipe.of(planned.method(), settings, lists, clip);
            return new SweepRun(planned.name(), recipe.on(dataset.data(half), clip));
        });
    }
}
