package org.coop4j.study;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.run.Images;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepCluster.Job;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepRun.RunState;
import org.coop4j.study.SweepRun.RunState.Status;

/**
 * Carries out a plan: every run in a folder of its own, none twice.
 *
 * <p>A finished run is not repeated, an interrupted one is resumed from its last checkpoint, one that failed is tried
 * again, and the others go on after a failure.
 */
public final class Sweep {

    /** Shows a sweep to the user. */
    public interface SweepListener {

        /** Tells the user something, once. */
        default void note(String message) {}

        /** Begins with all runs, in order, of which some may be finished. */
        default void begins(List<RunState> runs) {}

        /** Shows that a run begins. */
        default void started(SweepRun run) {}

        /**
         * Shows the progress; called often.
         *
         * @param done work done of the work that was left at the beginning
         * @param total estimate of all work that was left at the beginning
         * @param doing the current activity
         */
        default void progress(double done, double total, String doing) {}

        /** Shows the result of a run. */
        default void finished(SweepRun run, RunResult result) {}

        /** Shows that a run has no result; the others continue. */
        default void failed(SweepRun run, String message) {}
    }

    /**
     * The end of a sweep.
     *
     * @param runs every run and how it ended, in order
     */
    public record SweepOutcome(List<RunState> runs) {

        /** Returns the runs that have no result. */
        public List<RunState> failures() {
            return runs.stream().filter(run -> run.failure().isPresent()).toList();
        }
    }

    private final Images shared;
    private final SweepPlan plan;
    private final List<SweepRun> runs;

    /** The runs of the last job, whose test images are held. */
    private RunGroup current;

    private Sweep(Images shared, SweepPlan plan, List<SweepRun> runs) {
        this.shared = shared;
        this.plan = plan;
        this.runs = runs;
    }

    /**
     * Checks the whole plan and makes its list of runs.
     *
     * @throws SweepPlan.PlanException with all problems
     */
    public static Sweep of(Images shared, SweepPlan plan) throws IOException {
        return new Sweep(shared, plan, SweepSchedule.of(shared.clip(), plan, SweepDataset.of(shared, plan)));
    }

    /** Returns the states of all runs in a sweep's folder, which is not changed. */
    public List<RunState> states(Path folder) {
        return runs.stream().map(new RunStore(folder)::state).toList();
    }

    /** Returns an estimate of the multiplications that are left, with the encoding of all images of the runs. */
    public double workLeft(List<RunState> states) {
        List<SweepRun> left = states.stream()
                .filter(state -> state.status() != Status.FINISHED)
                .map(RunState::run)
                .toList();
        return RunGroup.work(RunGroup.of(left), SweepSchedule.imageWork(shared.clip()));
    }

    /**
     * Does the work that is left.
     *
     * @throws IOException if another sweep has the folder, or it cannot be written
     */
    public SweepOutcome run(Path folder, SweepListener listener) throws IOException {
        return run(folder, listener, Optional.empty());
    }

    /**
     * Does the work that is left, by the processes of a cluster if there is one.
     *
     * @throws IOException if another sweep has the folder, it cannot be written, or the cluster fails; finished runs are
     *     kept
     */
    public SweepOutcome run(Path folder, SweepListener listener, Optional<SweepCluster> cluster) throws IOException {
        try (RunFolder lock = RunFolder.open(folder)) {
            SweepWork work = new SweepWork(shared, lock.path(), listener);
            String leftOut = plan.methods().stream()
                    .filter(planned ->
                            plan.baseToNew().isPresent() && !planned.method().namesNewClasses())
                    .map(PlannedMethod::name)
                    .collect(joining(", "));
            if (!leftOut.isEmpty()) {
                work.note("base_to_new leaves out " + leftOut + ": these methods cannot classify new classes");
            }
            return cluster.isPresent() ? work.run(runs, cluster.get()) : work.run(runs);
        }
    }

    /**
     * Does a job of a sweep that another process leads; one at a time.
     *
     * @param folder the sweep's folder
     * @return the problem; empty if there was none
     */
    public Optional<String> work(Job job, Path folder, SweepListener listener) throws IOException {
        for (RunGroup group : RunGroup.of(runs)) {
            for (SweepRun run : group.runs()) {
                if (run.folder().toString().equals(job.run())) {
                    if (!group.equals(current)) {
                        shared.forget();
                        current = group;
                    }
                    SweepWork work = new SweepWork(shared, folder, listener);
                    return job.parts() > 0 ? work.encode(group, job.part(), job.parts()) : work.make(run);
                }
            }
        }
        throw new IOException(
                "no run " + job.run() + ": the plan or its data differ here from those where the sweep was started");
    }
}
