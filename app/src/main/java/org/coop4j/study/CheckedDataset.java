package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Task;
import org.coop4j.run.DataSpec;
import org.coop4j.run.RunConfig.RunData;

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
record CheckedDataset(
        DataSpec data,
        Overrides settings,
        String listsSha256,
        List<String> classNames,
        List<Integer> train,
        List<Integer> test) {

    CheckedDataset {
        classNames = List.copyOf(classNames);
        train = List.copyOf(train);
        test = List.copyOf(test);
    }

    static CheckedDataset of(SweepPlan.Dataset planned, ImageDataset dataset) {
        return new CheckedDataset(
                planned.data(),
                planned.settings(),
                planned.data().listsSha256(dataset),
                dataset.classNames(),
                perClass(dataset.train(), dataset.classCount()),
                perClass(dataset.test(), dataset.classCount()));
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
