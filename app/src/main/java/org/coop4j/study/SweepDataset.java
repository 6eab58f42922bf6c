package org.coop4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Task;
import org.coop4j.run.DataSpec;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.SharedData;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;

/**
 * What a sweep keeps of a dataset that was found in order.
 *
 * @param data where it is
 * @param settings what the plan says of training runs on it
 * @param listsSha256 SHA-256 of class names, file names and labels
 * @param classNames name of each class
 * @param train training images of each class
 * @param test test images of each class
 */
record SweepDataset(
        DataSpec data,
        Overrides settings,
        String listsSha256,
        List<String> classNames,
        List<Integer> train,
        List<Integer> test) {

    /** Two classes in each half. */
    private static final int LEAST_CLASSES_TO_HALVE = 4;

    SweepDataset {
        classNames = List.copyOf(classNames);
        train = List.copyOf(train);
        test = List.copyOf(test);
    }

    /**
     * Finds what would end a run, before the first one: data that do not load, prompts too long. Loads all datasets, one
     * after another.
     *
     * @return all datasets by name
     * @throws PlanException with all that is wrong
     */
    static Map<String, SweepDataset> of(SharedData shared, SweepPlan plan) throws PlanException {
        Map<String, SweepDataset> datasets = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        List<SweepPlan.Dataset> targets =
                plan.testOn().map(SweepPlan.TestOn::targets).orElse(List.of());
        plan.datasets().forEach(planned -> load(shared, planned, datasets, problems));
        for (SweepPlan.Dataset planned : plan.datasets()) {
            SweepDataset dataset = datasets.get(planned.name());
            if (dataset != null) {
                dataset.checkLearning(shared.clip(), plan, problems);
            }
        }
        targets.forEach(planned -> load(shared, planned, datasets, problems));
        for (SweepPlan.Dataset planned : targets) {
            SweepDataset target = datasets.get(planned.name());
            if (target != null) {
                target.checkTarget(shared.clip(), plan, datasets, problems);
            }
        }
        for (String name : plan.baseToNew().map(SweepPlan.Choice::datasets).orElse(Set.of())) {
            SweepDataset dataset = datasets.get(name);
            if (dataset != null && dataset.classNames.size() < LEAST_CLASSES_TO_HALVE) {
                problems.add(name + ": base_to_new needs 4 classes or more");
            }
        }
        if (!problems.isEmpty()) {
            throw new PlanException(problems);
        }
        return datasets;
    }

    private static void load(
            SharedData shared, SweepPlan.Dataset planned, Map<String, SweepDataset> datasets, List<String> problems) {
        if (datasets.containsKey(planned.name())) {
            return;
        }
        try {
            ImageDataset lists = shared.dataset(planned.data(), 0);
            datasets.put(
                    planned.name(),
                    new SweepDataset(
                            planned.data(),
                            planned.settings(),
                            planned.data().listsSha256(lists),
                            lists.classNames(),
                            perClass(lists.train(), lists.classCount()),
                            perClass(lists.test(), lists.classCount())));
            if (lists.classCount() < 2) {
                problems.add(planned.name() + ": one class alone leaves nothing to tell apart");
            }
            if (lists.test().isEmpty()) {
                problems.add(planned.name() + ": it has no test images");
            }
        } catch (IOException | IllegalArgumentException e) {
            problems.add(planned.name() + ": " + RunStore.describe(e));
        } finally {
            shared.forget();
        }
    }

    private void checkLearning(Clip clip, SweepPlan plan, List<String> problems) {
        plan.methods().forEach(method -> checkFit(clip, method, problems));
        boolean learns =
                plan.methods().stream().anyMatch(planned -> planned.method().learns());
        if (learns && trainImages(1, ClassHalf.ALL) == 0) {
            problems.add(name() + ": it has no images to learn from: it belongs under test_on");
        }
    }

    private void checkFit(Clip clip, PlannedMethod method, List<String> problems) {
        try {
            method.method().learner(clip, task(ClassHalf.ALL, 0));
        } catch (IllegalArgumentException e) {
            problems.add(name() + ": " + method.name() + ": " + e.getMessage());
        }
    }

    private void checkTarget(Clip clip, SweepPlan plan, Map<String, SweepDataset> datasets, List<String> problems) {
        SweepPlan.Choice from = plan.testOn().orElseThrow().from();
        for (PlannedMethod method : plan.methods()) {
            if (!from.methods().contains(method.name())) {
                continue;
            }
            checkFit(clip, method, problems);
            for (SweepPlan.Dataset planned : plan.datasets()) {
                SweepDataset source = datasets.get(planned.name());
                if (!method.method().namesNewClasses()
                        && source != null
                        && from.datasets().contains(planned.name())) {
                    checkClasses(method, source, problems);
                }
            }
        }
    }

    private void checkClasses(PlannedMethod method, SweepDataset source, List<String> problems) {
        try {
            ClassNames.positions(classNames, source.classNames);
        } catch (IllegalArgumentException e) {
            problems.add(
                    "%s: %s learned on %s has nothing for all of its classes (%s): choose methods and from under test_on"
                            .formatted(name(), method.name(), source.name(), e.getMessage()));
        }
    }

    private static List<Integer> perClass(List<LabelledImage> images, int classes) {
        List<Integer> counts = new ArrayList<>(Collections.nCopies(classes, 0));
        for (LabelledImage image : images) {
            counts.set(image.label(), counts.get(image.label()) + 1);
        }
        return counts;
    }

    String name() {
        return data.name();
    }

    RunData data(ClassHalf half) {
        return new RunData(name(), half, listsSha256, data.handWrittenPrompt(), data);
    }

    Task task(ClassHalf half, long seed) {
        return data.task(classNames(half), seed);
    }

    List<String> classNames(ClassHalf half) {
        return half(classNames, half);
    }

    /** Training images of a draw of {@code shots} a class; 0 takes all. */
    int trainImages(int shots, ClassHalf half) {
        return half(train, half).stream()
                .mapToInt(count -> shots == 0 ? count : Math.min(shots, count))
                .sum();
    }

    int testImages(ClassHalf half) {
        return half(test, half).stream().mapToInt(Integer::intValue).sum();
    }

    /** As {@link ImageDataset#half}. */
    private static <T> List<T> half(List<T> classes, ClassHalf half) {
        int middle = (classes.size() + 1) / 2;
        return switch (half) {
            case ALL -> classes;
            case BASE -> classes.subList(0, middle);
            case NEW -> classes.subList(middle, classes.size());
        };
    }
}
