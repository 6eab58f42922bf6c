package org.coop4j.study;

import static java.util.stream.Collectors.toMap;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.run.Images;
import org.coop4j.run.Recipe;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.study.SweepPlan.Dataset;

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

    static SweepDataset of(Dataset planned, Images shared) throws IOException {
        ImageDataset lists = shared.dataset(planned.data(), 0);
        Require.that(lists.classCount() > 1, "expected two classes or more, got one");
        Require.that(!lists.test().isEmpty(), "it has no test images");
        RunData data = shared.data(planned.data(), 0, ClassHalf.ALL);
        return new SweepDataset(
                new Dataset(data.source(), planned.training()),
                data.listsSha256(),
                lists.classNames(),
                Stream.of(ClassHalf.values())
                        .collect(toMap(half -> half, half -> Recipe.Lists.of(data.source(), lists.half(half)))),
                lists.hasSets());
    }

    /**
     * Checks that a method can be tested on these data.
     *
     * @param source the data that it learns from
     * @throws IllegalArgumentException if it is for other labels, its prompts are too long, or it lacks some of the classes
     */
    void requireSuits(Clip clip, Method method, SweepDataset source) {
        method.requireSuits(sets);
        method.learner(clip, new Task(classNames, PromptTemplates.own(planned.data()), 0));
        if (!source.equals(this) && !method.namesNewClasses()) {
            try {
                ClassNames.positions(classNames, source.classNames);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "learned on %s it lacks some of these classes (%s): choose methods and from under test_on"
                                .formatted(source.name(), e.getMessage()),
                        e);
            }
        }
    }

    String name() {
        return planned.name();
    }

    RunData data(ClassHalf half) {
        return new RunData(name(), half, listsSha256, PromptTemplates.own(planned.data()), planned.data());
    }
}
