package org.coop4j.sweep;

import java.nio.file.Path;
import java.util.Locale;
import org.coop4j.data.ClassHalf;

/**
 * One run of a sweep.
 *
 * @param config everything that decides its result
 * @param task how the result is made
 * @param tested the data tested on
 * @param section name of the plan's dataset that it belongs to
 * @param folder its folder, below that of the sweep
 * @param encodeWork work of encoding its training images, if none of them is in the bank yet
 * @param work all of its work, that included
 */
public record SweepRun(
        RunConfig config,
        Task task,
        CheckedDataset tested,
        String section,
        Path folder,
        double encodeWork,
        double work) {

    private static final String RUNS = "runs";
    private static final int HASH_IN_A_NAME = 8;

    /** How a result is made. */
    sealed interface Task {

        /** Hand-written prompts are tested. */
        record Prompts() implements Task {}

        /** A linear probe is fitted. */
        record Probe(CheckedDataset learned) implements Task {}

        /**
         * A context is learned.
         *
         * @param steps training steps of all epochs
         */
        record Train(CheckedDataset learned, long steps) implements Task {}

        /** What another run learned is tested elsewhere. */
        record Transfer(SweepRun source) implements Task {}
    }

    static SweepRun of(
            RunConfig config,
            Task task,
            CheckedDataset tested,
            String section,
            double encodeWork,
            double work) {
        return new SweepRun(config, task, tested, section, folder(config), encodeWork, work);
    }

    /** Name of the data tested on. */
    public String dataset() {
        return config.testedOn().dataset();
    }

    /** Name of the data learned from; the data tested on if nothing was learned. */
    public String trainedOn() {
        return config.learnedFrom() == null ? dataset() : config.learnedFrom().dataset();
    }

    /** The method with where it is tested, if that is not where it learned. */
    public String title() {
        return title(config);
    }

    /** Training steps; 0 for what is not trained by steps. */
    public long steps() {
        return task instanceof Task.Train train ? train.steps() : 0;
    }

    private static String title(RunConfig config) {
        boolean elsewhere =
                config.learnedFrom() != null && !config.learnedFrom().equals(config.testedOn());
        String suffix = elsewhere ? "-on-" + config.testedOn().dataset() : "";
        return config.method()
                + suffix
                + switch (config.half()) {
                    case ALL -> "";
                    case BASE -> "-base";
                    case NEW -> "-new";
                };
    }

    private static Path folder(RunConfig config) {
        RunConfig.Lists first =
                config.learnedFrom() == null ? config.testedOn() : config.learnedFrom();
        return Path.of(
                RUNS,
                fileName(first.dataset()),
                fileName(title(config)),
                String.format(
                        Locale.ROOT,
                        "shots%d-seed%d-%s",
                        config.shots(),
                        config.seed(),
                        config.hash().substring(0, HASH_IN_A_NAME)));
    }

    /** Letters of any script stay; what means something to a file system does not. */
    private static String fileName(String name) {
        String safe = name.replaceAll("[^\\p{L}\\p{M}\\p{N}._-]+", "-");
        return safe.startsWith(".") ? "-" + safe : safe;
    }

    ClassHalf half() {
        return config.half();
    }

    /** Runs are the same if their folders are, whose names hold the hash of all that matters. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SweepRun run && run.folder.equals(folder);
    }

    @Override
    public int hashCode() {
        return folder.hashCode();
    }
}
