package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.DataSpec;

/**
 * Runs that follow one another and are tested on the same images, which are held in memory for
 * them.
 *
 * @param runs one or more
 */
record RunGroup(List<SweepRun> runs) {

    RunGroup {
        runs = List.copyOf(runs);
    }

    /** Groups runs, leaving them in their order. */
    static List<RunGroup> of(List<SweepRun> runs) {
        List<RunGroup> groups = new ArrayList<>();
        int begin = 0;
        for (int i = 1; i <= runs.size(); i++) {
            if (i == runs.size() || !sameImages(runs.get(begin), runs.get(i))) {
                groups.add(new RunGroup(runs.subList(begin, i)));
                begin = i;
            }
        }
        return groups;
    }

    private static boolean sameImages(SweepRun a, SweepRun b) {
        DataSpec data = a.tested().data();
        return data.equals(b.tested().data()) && a.half() == b.half();
    }

    /** Name of the data tested on. */
    String dataset() {
        return runs.get(0).dataset();
    }

    private ClassHalf half() {
        return runs.get(0).half();
    }

    int testImages() {
        return runs.get(0).tested().testImages(half());
    }

    /**
     * Training images that the runs see as the test transform shows them, about: two draws may have
     * some in common.
     */
    int trainingImages() {
        int all = 0;
        int drawn = 0;
        Set<String> draws = new HashSet<>();
        for (SweepRun run : runs) {
            Optional<SweepDataset> learned = learnedAsTested(run);
            int shots = run.config().sample().shots();
            if (learned.isPresent()
                    && draws.add(shots + " shots, seed " + run.config().sample().seed())) {
                drawn += learned.get().trainImages(shots, half());
                all = learned.get().trainImages(0, half());
            }
        }
        return Math.min(drawn, all);
    }

    /** The data of a run that learns from images as the test transform shows them. */
    static Optional<SweepDataset> learnedAsTested(SweepRun run) {
        return run.source().isEmpty() && run.config().sample().views() == 0 ? run.learned() : Optional.empty();
    }
}
