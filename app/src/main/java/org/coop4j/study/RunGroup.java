package org.coop4j.study;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.data.ImageDataset.ClassHalf;

/**
 * Consecutive runs that are tested on the same images, which are held in memory for them.
 *
 * @param runs one or more
 */
record RunGroup(List<SweepRun> runs) {

    /** Groups runs, leaving them in their order. */
    static List<RunGroup> of(List<SweepRun> runs) {
        List<RunGroup> groups = new ArrayList<>();
        int begin = 0;
        for (int i = 1; i <= runs.size(); i++) {
            if (i == runs.size() || !sameImages(runs.get(begin), runs.get(i))) {
                groups.add(new RunGroup(List.copyOf(runs.subList(begin, i))));
                begin = i;
            }
        }
        return groups;
    }

    private static boolean sameImages(SweepRun a, SweepRun b) {
        return a.tested().data().equals(b.tested().data()) && a.half() == b.half();
    }

    /**
     * Estimates the work of all runs with the encoding of their images.
     *
     * @param image work of encoding an image
     */
    static double work(List<RunGroup> groups, double image) {
        return groups.stream()
                .mapToDouble(group -> image * group.imageCount()
                        + group.runs.stream().mapToDouble(SweepRun::work).sum())
                .sum();
    }

    /** Returns the name of the data tested on. */
    String dataset() {
        return runs.get(0).dataset();
    }

    /**
     * Returns the test images, and training images that the runs see as the test transform shows them, of which draws
     * may share some.
     */
    int imageCount() {
        SweepDataset tested = runs.get(0).tested();
        ClassHalf half = runs.get(0).half();
        int drawn = runs.stream()
                .filter(SweepRun::learnsFromTestViews)
                .map(run -> run.config().sample())
                .distinct()
                .mapToInt(sample -> tested.trainImages(sample.shots(), half))
                .sum();
        return tested.testImages(half) + Math.min(drawn, tested.trainImages(0, half));
    }
}
