package org.coop4j.study;

import static org.coop4j.study.RunStore.describe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Method.Task;
import org.coop4j.run.DataSpec;
import org.coop4j.run.Images;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.TestOn;

/**
 * A checked dataset of a sweep.
 *
 * @param data its place
 * @param settings the plan's settings for training runs on it
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

    /**
     * Loads all datasets, one after another, and finds the problems that would end a run before the first one begins:
     * data that do not load, prompts too long.
     *
     * @return all datasets by name
     * @throws PlanException with all problems
     */
    static Map<String, SweepDataset> of(Images shared, SweepPlan plan) throws PlanException {
        Map<String, SweepDataset> datasets = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        List<SweepDataset> own = load(shared, plan.datasets(), datasets, problems);
        List<SweepDataset> targets =
                load(shared, plan.testOn().map(TestOn::targets).orElse(List.of()), datasets, problems);
        boolean learns =
                plan.methods().stream().anyMatch(planned -> planned.method().learns());
        Set<String> halved = plan.baseToNew().map(Choice::datasets).orElse(Set.of());
        for (SweepDataset dataset : own) {
            plan.methods().forEach(planned -> dataset.checkPrompts(shared.clip(), planned, problems));
            if (learns && dataset.trainImages(1, ClassHalf.ALL) == 0) {
                problems.add(dataset.name() + ": it has no training images: list it under test_on");
            }
            if (halved.contains(dataset.name()) && dataset.classNames.size() < LEAST_CLASSES_TO_HALVE) {
                problems.add(dataset.name() + ": base_to_new needs 4 classes or more");
            }
        }
        for (SweepDataset target : targets) {
            Choice from = plan.testOn().orElseThrow().from();
            for (PlannedMethod planned : plan.methods()) {
                if (from.methods().contains(planned.name())) {
                    target.checkPrompts(shared.clip(), planned, problems);
                    own.stream()
                            .filter(source -> !planned.method().namesNewClasses())
                            .filter(source -> from.datasets().contains(source.name()))
                            .forEach(source -> target.checkClasses(planned, source, problems));
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new PlanException(problems);
        }
        return datasets;
    }

    /** Loads those that are not there yet, and returns all that could be loaded. */
    private static List<SweepDataset> load(
            Images shared, List<Dataset> all, Map<String, SweepDataset> datasets, List<String> problems) {
        for (Dataset planned : all) {
            String name = planned.name();
            if (datasets.containsKey(name)) {
                continue;
            }
            try {
                SweepDataset dataset = of(planned, shared.dataset(planned.data(), 0));
                datasets.put(name, dataset);
                if (dataset.classNames.size() < 2) {
                    problems.add(name + ": expected two classes or more, got one");
                }
                if (dataset.testImages(ClassHalf.ALL) == 0) {
                    problems.add(name + ": it has no test images");
                }
            } catch (IOException | IllegalArgumentException e) {
                problems.add(name + ": " + describe(e));
            } finally {
                shared.forget();
            }
        }
        return all.stream()
                .map(planned -> datasets.get(planned.name()))
                .filter(Objects::nonNull)
                .toList();
    }

    private static SweepDataset of(Dataset planned, ImageDataset lists) {
        return new SweepDataset(
                planned.data(),
                planned.settings(),
                planned.data().listsSha256(lists),
                lists.classNames(),
                perClass(lists.train(), lists.classCount()),
                perClass(lists.test(), lists.classCount()));
    }

    private void checkPrompts(Clip clip, PlannedMethod planned, List<String> problems) {
        try {
            planned.method().learner(clip, task(ClassHalf.ALL, 0));
        } catch (IllegalArgumentException e) {
            problems.add(name() + ": " + planned.name() + ": " + e.getMessage());
        }
    }

    private void checkClasses(PlannedMethod planned, SweepDataset source, List<String> problems) {
        try {
            ClassNames.positions(classNames, source.classNames);
        } catch (IllegalArgumentException e) {
            problems.add("%s: %s learned on %s lacks some of its classes (%s): choose methods and from under test_on"
                    .formatted(name(), planned.name(), source.name(), e.getMessage()));
        }
    }

    private static List<Integer> perClass(List<LabelledImage> images, int classes) {
        int[] counts = new int[classes];
        images.forEach(image -> counts[image.label()]++);
        return IntStream.of(counts).boxed().toList();
    }

    String name() {
        return data.name();
    }

    RunData data(ClassHalf half) {
        return new RunData(name(), half, listsSha256, data.handWrittenPrompt(), data);
    }

    Task task(ClassHalf half, long seed) {
        return data.task(half.of(classNames), seed);
    }

    /** Returns the training images of a draw of {@code shots} per class; 0 takes all. */
    int trainImages(int shots, ClassHalf half) {
        return half.of(train).stream()
                .mapToInt(count -> shots == 0 ? count : Math.min(shots, count))
                .sum();
    }

    int testImages(ClassHalf half) {
        return half.of(test).stream().mapToInt(Integer::intValue).sum();
    }
}
