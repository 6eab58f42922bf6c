package org.coop4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.clip.Clip;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.run.SharedData;

/** Finds what would end a run, before the first one: data that do not load, prompts too long. */
final class PlanCheck {

    /** Two classes in each half. */
    private static final int LEAST_CLASSES_TO_HALVE = 4;

    private final SharedData shared;
    private final Clip clip;
    private final SweepPlan plan;
    private final Map<String, CheckedDataset> datasets = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    private PlanCheck(SharedData shared, SweepPlan plan) {
        this.shared = shared;
        this.clip = shared.clip();
        this.plan = plan;
    }

    /**
     * Loads all datasets, one after another.
     *
     * @return all datasets by name
     * @throws PlanException with all that is wrong
     */
    static Map<String, CheckedDataset> of(SharedData shared, SweepPlan plan) throws PlanException {
        PlanCheck check = new PlanCheck(shared, plan);
        check.run();
        if (!check.problems.isEmpty()) {
            throw new PlanException(check.problems);
        }
        return check.datasets;
    }

    private void run() {
        plan.datasets().forEach(this::load);
        plan.datasets().forEach(dataset -> found(dataset).ifPresent(this::checkLearning));
        plan.testOn().ifPresent(this::checkTestOn);
        plan.baseToNew().ifPresent(this::checkBaseToNew);
    }

    private Optional<CheckedDataset> found(SweepPlan.Dataset planned) {
        return Optional.ofNullable(datasets.get(planned.name()));
    }

    private void load(SweepPlan.Dataset planned) {
        if (datasets.containsKey(planned.name())) {
            return;
        }
        try {
            ImageDataset dataset = shared.dataset(planned.data(), 0);
            CheckedDataset checked = CheckedDataset.of(planned, dataset);
            datasets.put(planned.name(), checked);
            if (dataset.classCount() < 2) {
                problem(checked, "one class alone leaves nothing to tell apart");
            }
            if (dataset.test().isEmpty()) {
                problem(checked, "it has no test images");
            }
        } catch (IOException | IllegalArgumentException e) {
            problems.add(planned.name() + ": " + RunStore.describe(e));
        } finally {
            shared.forget();
        }
    }

    private void problem(CheckedDataset dataset, String message) {
        problems.add(dataset.name() + ": " + message);
    }

    private void checkLearning(CheckedDataset dataset) {
        for (PlannedMethod method : plan.methods()) {
            checkFit(dataset, method);
        }
        boolean learns = plan.methods().stream().anyMatch(planned -> planned.method().learns());
        if (learns && dataset.trainImages(1, ClassHalf.ALL) == 0) {
            problem(dataset, "it has no images to learn from: it belongs under test_on");
        }
    }

    private void checkFit(CheckedDataset dataset, PlannedMethod method) {
        try {
            method.method().learner(clip, dataset.task(ClassHalf.ALL, 0));
        } catch (IllegalArgumentException e) {
            problem(dataset, method.name() + ": " + e.getMessage());
        }
    }

    private void checkTestOn(SweepPlan.TestOn testOn) {
        testOn.targets().forEach(this::load);
        for (SweepPlan.Dataset planned : testOn.targets()) {
            found(planned)
                    .ifPresent(
                            target ->
                                    chosen(testOn.from().methods())
                                            .forEach(
                                                    method -> checkTarget(target, method, testOn)));
        }
    }

    private List<PlannedMethod> chosen(Set<String> methods) {
        return plan.methods().stream().filter(m -> methods.contains(m.name())).toList();
    }

    private void checkTarget(CheckedDataset target, PlannedMethod method, SweepPlan.TestOn testOn) {
        checkFit(target, method);
        if (method.method().namesNewClasses()) {
            return;
        }
        for (SweepPlan.Dataset planned : plan.datasets()) {
            Optional<CheckedDataset> source = found(planned);
            if (source.isPresent() && testOn.from().datasets().contains(planned.name())) {
                try {
                    ClassNames.positions(target.classNames(), source.get().classNames());
                } catch (IllegalArgumentException e) {
                    problem(
                            target,
                            "%s learned on %s has nothing for all of its classes (%s): choose methods and from under test_on"
                                    .formatted(method.name(), planned.name(), e.getMessage()));
                }
            }
        }
    }

    private void checkBaseToNew(SweepPlan.Choice baseToNew) {
        for (String name : baseToNew.datasets()) {
            CheckedDataset dataset = datasets.get(name);
            if (dataset != null && dataset.classNames().size() < LEAST_CLASSES_TO_HALVE) {
                problem(dataset, "base_to_new needs 4 classes or more");
            }
        }
    }
}
