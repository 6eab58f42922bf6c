package org.coop4j.study;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.base.Sha256;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;

/**
 * One run of a sweep.
 *
 * @param label what the plan calls the method
 * @param config everything that decides its result
 * @param learned the data learned from; empty where nothing is learned
 * @param tested the data tested on
 * @param source the run whose classifier is tested elsewhere; empty for runs of their own
 * @param section name of the plan's dataset that it belongs to
 * @param folder its folder, below that of the sweep
 * @param effort estimates of its work
 */
public record SweepRun(
        String label,
        RunConfig config,
        Optional<SweepDataset> learned,
        SweepDataset tested,
        Optional<SweepRun> source,
        String section,
        Path folder,
        Work effort) {

    /** The folder of all runs, below that of the sweep. */
    static final String RUNS = "runs";

    private static final int HASH_IN_A_NAME = 8;

    /**
     * Estimates, in multiplications.
     *
     * @param encoding of its training images, if none of them is in the bank yet
     * @param total all of its work, that included
     * @param steps training steps of all epochs; 0 for what is not trained by steps
     */
    record Work(double encoding, double total, long steps) {}

    /**
     * What a sweep's folder holds of a run.
     *
     * @param status how far it is
     * @param result its result, if it is finished
     * @param failure why it failed, if it did
     */
    public record RunState(Status status, Optional<RunResult> result, Optional<String> failure) {

        /** How far a run is. */
        public enum Status {
            /** Nothing is there. */
            NEW,
            /** It was begun, and goes on from what is there. */
            BEGUN,
            /** It failed, and is tried again. */
            FAILED,
            /** It has its result. */
            FINISHED
        }

        static RunState of(Status status) {
            return new RunState(status, Optional.empty(), Optional.empty());
        }

        static RunState failed(String message) {
            return new RunState(Status.FAILED, Optional.empty(), Optional.of(message));
        }
    }

    static SweepRun of(
            String label,
            RunConfig config,
            Optional<SweepDataset> learned,
            SweepDataset tested,
            Optional<SweepRun> source,
            String section,
            Work effort) {
        Path folder = folder(label, config);
        return new SweepRun(label, config, learned, tested, source, section, folder, effort);
    }

    /** Name of the data tested on. */
    public String dataset() {
        return config.testedOn().name();
    }

    /** Name of the data learned from; the data tested on if nothing was learned. */
    public String trainedOn() {
        return config.data().name();
    }

    /** All of its work, as it was estimated. */
    public double work() {
        return effort.total;
    }

    /** Training images a class; 0 for all, or where nothing is learned. */
    public int shots() {
        return config.sample().shots();
    }

    /** The run's seed; 0 where nothing is learned. */
    public long seed() {
        return config.sample().seed();
    }

    /** Whether it learns from images. */
    public boolean learns() {
        return config.method().learns();
    }

    /** Training steps; 0 for what is not trained by steps. */
    public long steps() {
        return effort.steps;
    }

    /** The classes tested on. */
    public ClassHalf half() {
        return config.testedOn().classes();
    }

    /** The method with where it is tested, if that is not where it learned. */
    public String title() {
        return title(label, config);
    }

    private static String title(String label, RunConfig config) {
        boolean elsewhere = !config.data().name().equals(config.testedOn().name());
        String suffix = elsewhere ? "-on-" + config.testedOn().name() : "";
        return label
                + suffix
                + switch (config.testedOn().classes()) {
                    case ALL -> "";
                    case BASE -> "-base";
                    case NEW -> "-new";
                };
    }

    private static Path folder(String label, RunConfig config) {
        String hash = Sha256.of(config.identity());
        return Path.of(
                RUNS,
                fileName(config.data().name()),
                fileName(title(label, config)),
                String.format(
                        Locale.ROOT,
                        "shots%d-seed%d-%s",
                        config.sample().shots(),
                        config.sample().seed(),
                        hash.substring(0, HASH_IN_A_NAME)));
    }

    /** Letters of any script stay; what means something to a file system does not. */
    private static String fileName(String name) {
        String safe = name.replaceAll("[^\\p{L}\\p{M}\\p{N}._-]+", "-");
        return safe.startsWith(".") ? "-" + safe : safe;
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
