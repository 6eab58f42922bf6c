package org.coop4j.study;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.Sha256;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunResult;
import org.coop4j.study.Score.Place;

/**
 * One run of a sweep.
 *
 * @param label name of the method in the plan
 * @param config everything that decides its result
 */
public record SweepRun(String label, RunConfig config) {

    /** The folder of all runs, below the sweep's. */
    static final String RUNS = "runs";

    private static final int HASH_IN_A_NAME = 8;

    /**
     * A run in a sweep's folder.
     *
     * @param result its result, if it is finished
     * @param failure the reason, if it failed
     */
    public record RunState(SweepRun run, Status status, Optional<RunResult> result, Optional<String> failure) {

        /** Returns its score, if it is finished. */
        Optional<Score> score() {
            MethodLabel method = new MethodLabel(run.label, run.label, run.config.method(), false);
            Place place = new Place(
                    run.dataset(), run.trainedOn(), run.half(), method.with(Shots.of(run.shots(), run.learns())));
            return result.map(measured -> Score.of(place, measured, run.folder(), ""));
        }

        /** Progress of a run. */
        public enum Status {
            /** Nothing is there. */
            NEW,
            /** It was started, and is resumed. */
            BEGUN,
            /** It failed, and is tried again. */
            FAILED,
            /** It has its result. */
            FINISHED
        }
    }

    /** Returns its folder, below the sweep's. */
    public Path folder() {
        String hash = Sha256.of(config.identity()).substring(0, HASH_IN_A_NAME);
        return Path.of(
                RUNS, fileName(trainedOn()), fileName(title()), "shots%d-seed%d-%s".formatted(shots(), seed(), hash));
    }

    RunState is(RunState.Status status) {
        return new RunState(this, status, Optional.empty(), Optional.empty());
    }

    RunState finished(RunResult result) {
        return new RunState(this, RunState.Status.FINISHED, Optional.of(result), Optional.empty());
    }

    RunState failed(String message) {
        return new RunState(this, RunState.Status.FAILED, Optional.empty(), Optional.of(message));
    }

    /** Returns its work relative to other runs of the same method. */
    public double size() {
        return 1 + (isTestedElsewhere() ? 0.0 : config.training().epochs()) * Math.max(1, shots());
    }

    /** Returns true if it tests what another run learned. */
    public boolean isTestedElsewhere() {
        return !config.data().equals(config.testedOn());
    }

    /** Returns the test of what it learns on other data. */
    SweepRun testedOn(RunData other) {
        return new SweepRun(label, config.testedOn(other));
    }

    /** Returns the run that learns what this one tests; itself unless that is another one. */
    SweepRun source() {
        return isTestedElsewhere() ? testedOn(config.data()) : this;
    }

    /** Returns the data that it uses. */
    List<DataSpec> sources() {
        return List.of(config.data().source(), config.testedOn().source());
    }

    /** Returns the name of the data tested on. */
    public String dataset() {
        return config.testedOn().name();
    }

    /** Returns the name of the data learned from; the data tested on if nothing was learned. */
    public String trainedOn() {
        return config.data().name();
    }

    /** Returns the number of training images per class; 0 for all, or where nothing is learned. */
    public int shots() {
        return config.sample().shots();
    }

    /** Returns the run's seed; 0 where nothing is learned. */
    public long seed() {
        return config.sample().seed();
    }

    /** Returns true if it learns from images. */
    public boolean learns() {
        return config.method().learns();
    }

    /** Returns the classes tested on. */
    public ClassHalf half() {
        return config.testedOn().classes();
    }

    /** Returns the method with the data that it is tested on, if that is not the data it learned from. */
    public String title() {
        String elsewhere = trainedOn().equals(dataset()) ? "" : "-on-" + dataset();
        return label + elsewhere + (half() == ClassHalf.ALL ? "" : "-" + half().label());
    }

    /** Replaces characters with a meaning in a file system; letters of any script stay. */
    private static String fileName(String name) {
        String safe = name.replaceAll("[^\\p{L}\\p{M}\\p{N}._-]+", "-");
        return safe.startsWith(".") ? "-" + safe : safe;
    }
}
