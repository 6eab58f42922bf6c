package org.coop4j.study;

import static java.util.stream.Collectors.toMap;
import static org.coop4j.study.RunStore.describe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.data.ClassNames;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.run.Images;
import org.coop4j.run.Recipe;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;

/**
 * A dataset of a sweep whose lists were read.
 *
 * @param planned its place and the plan's settings
 * @param listsSha256 identifies its lists
 * @param classNames name of each class
 * @param counts its training images and classes, by the classes that are used
 * @param sets true if its images have sets of labels
 */
record SweepDataset(
        Dataset planned,
        String listsSha256,
        List<String> classNames,
        Map<ClassHalf, Recipe.Lists> counts,
        boolean sets) {

    /** Two classes in each half. */
    private static final int LEAST_CLASSES_TO_HALVE = 4;

    /**
     * Reads the lists of all datasets, one after another, and finds the problems that would end a run before the first one
     * begins: data that do not load, methods for other labels, prompts too long.
     *
     * @return all datasets by name
     * @throws PlanException with all problems
     */
    static Map<String, SweepDataset> of(Images shared, SweepPlan plan) throws PlanException {
        Map<String, SweepDataset> loaded = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        Map<String, Dataset> all = new LinkedHashMap<>();
        plan.datasets().forEach(planned -> all.put(planned.name(), planned));
        plan.testOn().ifPresent(test -> test.targets().forEach(target -> all.putIfAbsent(target.name(), target)));
        all.forEach((name, planned) -> {
            try {
                loaded.put(name, of(planned, shared.dataset(planned.data(), 0)));
            } catch (IOException | IllegalArgumentException e) {
                problems.add(name + ": " + describe(e));
            }
            shared.forget();
        });
        List<SweepDataset> own = loaded.values().stream()
                .filter(dataset -> plan.datasets().contains(dataset.planned))
                .toList();
        for (SweepDataset dataset : own) {
            dataset.check(shared.clip(), plan.methods(), List.of(), problems);
            if (dataset.counts.get(ClassHalf.ALL).images() == 0
                    && plan.methods().stream()
                            .anyMatch(planned -> planned.method().learns())) {
                problems.add(dataset.name() + ": it has no training images: list it under test_on");
            }
            if (plan.halves(dataset.name()).isPresent() && dataset.classNames.size() < LEAST_CLASSES_TO_HALVE) {
                problems.add(dataset.name() + ": base_to_new needs 4 classes or more");
            }
        }
        plan.testOn().ifPresent(test -> test.targets().stream()
                .map(target -> loaded.get(target.name()))
                .filter(Objects::nonNull)
                .forEach(target -> target.check(
                        shared.clip(),
                        plan.methods().stream()
                                .filter(planned -> test.from().methods().contains(planned.name()))
                                .toList(),
                        own.stream()
                                .filter(source -> test.from().datasets().contains(source.name()))
                                .toList(),
                        problems)));
        if (!problems.isEmpty()) {
            throw new PlanException(problems);
        }
        return loaded;
    }

    private static SweepDataset of(Dataset planned, ImageDataset lists) {
        Require.that(lists.classCount() > 1, "expected two classes or more, got one");
        Require.that(!lists.test().isEmpty(), "it has no test images");
        return new SweepDataset(
                planned,
                planned.data().listsSha256(lists),
                lists.classNames(),
                Stream.of(ClassHalf.values())
                        .collect(toMap(half -> half, half -> Recipe.Lists.of(planned.data(), lists.half(half)))),
                lists.hasSets());
    }

    /**
     * Adds the problems of methods that are for other labels, whose prompts do not fit, or that learn from sources without some
     * of these classes.
     */
    private void check(Clip clip, List<PlannedMethod> methods, List<SweepDataset> sources, List<String> problems) {
        for (PlannedMethod planned : methods) {
            try {
                planned.method().requireSuits(sets);
                planned.method()
                        .learner(
                                clip,
                                new Task(
                                        classNames,
                                        PromptTemplates.own(planned().data()),
                                        0));
            } catch (IllegalArgumentException e) {
                problems.add("%s: %s: %s".formatted(name(), planned.name(), e.getMessage()));
            }
            for (SweepDataset source : planned.method().namesNewClasses() ? List.<SweepDataset>of() : sources) {
                try {
                    ClassNames.positions(classNames, source.classNames);
                } catch (IllegalArgumentException e) {
                    problems.add(
                            "%s: %s learned on %s lacks some of its classes (%s): choose methods and from under test_on"
                                    .formatted(name(), planned.name(), source.name(), e.getMessage()));
                }
            }
        }
    }

    String name() {
        return planned.name();
    }

    RunData data(ClassHalf half) {
        DataSpec data = planned.data();
        return new RunData(name(), half, listsSha256, PromptTemplates.own(data), data);
    }
}
