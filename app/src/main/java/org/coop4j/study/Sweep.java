package org.coop4j.study;

import static java.util.stream.Collectors.collectingAndThen;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepRun.RunState;

/**
 * A list of runs, each in a folder of its own.
 *
 * <p>A finished run is not repeated, an interrupted one is resumed from its last checkpoint, one that failed is tried
 * again, and the others go on after a failure.
 */
public final class Sweep {

    /** Shows a sweep to the user. */
    public interface SweepListener {

        /** Tells the user something, once. */
        default void note(String message) {}

        /** Begins with all runs in order; some may be finished. */
        default void begins(List<RunState> runs) {}

        /** Shows that a run begins. */
        default void started(SweepRun run) {}

        /**
         * Shows the progress; called often.
         *
         * @param done seconds since the sweep began
         * @param total an estimate of all seconds of the sweep; 0 if it is unknown
         * @param doing the current activity
         */
        default void progress(double done, double total, String doing) {}

        /** Shows the result of a run. */
        default void finished(SweepRun run, RunResult result) {}

        /** Shows that a run has no result; the others continue. */
        default void failed(SweepRun run, String message) {}
    }

    /** Processes that share the work of a sweep, by {@link Sweep#make}; found by {@link java.util.ServiceLoader}. */
    public interface Cluster {

        /**
         * Makes runs.
         *
         * @param shared of this process
         * @param made is told, one at a time, of each run that ended: its problem, or null
         * @throws IOException if some could not be made
         */
        void make(Site site, Images shared, List<SweepRun> runs, BiConsumer<SweepRun, String> made) throws IOException;
    }

    /**
     * Everything that another process needs to work on a sweep.
     *
     * @param cluster its address, in the form of its kind
     * @param model the model's file, or the name of the shipped one
     * @param modelSha256 of the model's file
     * @param bank the folder of the feature bank
     * @param skipBad true to skip unreadable images
     * @param memoryBytes native memory for the intermediate values of a step
     * @param out the sweep's folder
     */
    public record Site(
            String cluster,
            String model,
            String modelSha256,
            String bank,
            boolean skipBad,
            long memoryBytes,
            String out)
            implements Serializable {}

    private final Images shared;
    private final SweepPlan plan;
    private final List<SweepRun> runs;

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
        return new Sweep(shared, plan, SweepSchedule.of(shared, plan));
    }

    /** Returns the number of threads that a sweep began with. The last digits of its runs depend on it. */
    public static Optional<Integer> threads(Path folder) {
        for (Path run : FoundRuns.folders(folder.resolve(SweepRun.RUNS), other -> false, (place, problem) -> {})) {
            try {
                if (RunFolder.holdsRun(run)) {
                    return Optional.of(Run.open(run).config().threads());
                }
            } catch (IOException e) {
                // Damaged, as the sweep will say.
            }
        }
        return Optional.empty();
    }

    /** Returns the states of all runs in a sweep's folder, which is not changed. */
    public List<RunState> states(Path folder) {
        return runs.stream().map(new SweepWorker(shared, folder).store()::state).toList();
    }

    /**
     * Makes the runs that are left, one after another.
     *
     * @return every run and how it ended, in order
     * @throws IOException if another sweep has the folder, or it cannot be written
     */
    public List<RunState> run(Path folder, SweepListener listener) throws IOException {
        try (RunFolder lock = RunFolder.open(folder)) {
            Pass pass = new Pass(lock.path(), listener);
            pass.left().forEach(pass::make);
            return pass.outcome();
        }
    }

    /**
     * Makes the runs that are left by the processes of a cluster.
     *
     * @return every run and how it ended, in order
     * @throws IOException if another sweep has the folder, it cannot be written, or the cluster fails; finished runs are
     *     kept
     */
    public List<RunState> run(Path folder, SweepListener listener, Cluster cluster, Site site) throws IOException {
        try (RunFolder lock = RunFolder.open(folder)) {
            Pass pass = new Pass(lock.path(), listener);
            cluster.make(site, shared, pass.left(), pass::made);
            return pass.outcome();
        }
    }

    /**
     * Makes a run of a sweep that another process leads.
     *
     * @param shared of this process
     * @param folder the sweep's folder
     * @param label name of the method
     * @param config the run's configuration as JSON
     * @param warnings is told what is wrong with the images
     * @return the problem; empty if there was none
     */
    public static Optional<String> make(Images shared, Path folder, String label, String config, Progress warnings)
            throws IOException {
        SweepRun run = new SweepRun(label, RunConfig.parse(config, shared.clip()));
        return new SweepWorker(shared, folder).make(run, warnings).failure();
    }

    /** Returns the scores of the runs that are finished. */
    public static List<Score> scores(List<RunState> all) {
        return all.stream().flatMap(state -> state.score().stream()).toList();
    }

    /**
     * Returns the seconds that runs will take, judging by those that have a result: of the same method if there are any, in
     * proportion to shots and epochs. NaN if none has a result.
     */
    public static double seconds(Collection<RunState> all, Collection<SweepRun> left) {
        List<RunState> finished =
                all.stream().filter(state -> state.result().isPresent()).toList();
        double usual = secondsPerSize(finished);
        Map<String, Double> ofMethods = finished.stream()
                .collect(groupingBy(state -> state.run().label(), collectingAndThen(toList(), Sweep::secondsPerSize)));
        return left.stream()
                .mapToDouble(run -> run.size() * ofMethods.getOrDefault(run.label(), usual))
                .sum();
    }

    private static double secondsPerSize(List<RunState> finished) {
        return finished.stream()
                        .mapToDouble(state -> state.result().orElseThrow().totalSeconds())
                        .sum()
                / finished.stream().mapToDouble(state -> state.run().size()).sum();
    }

    /** One pass through the runs that have no result yet. */
    private final class Pass {

        private final SweepListener listener;
        private final SweepWorker worker;
        private final Map<SweepRun, RunState> states = new LinkedHashMap<>();
        private final Set<SweepRun> left = new LinkedHashSet<>(runs);
        private final Set<String> noted = new HashSet<>();
        private final long start = System.nanoTime();

        Pass(Path folder, SweepListener listener) throws IOException {
            this.listener = listener;
            this.worker = new SweepWorker(shared, folder);
            String leftOut = plan.methods().stream()
                    .filter(planned -> !plan.halves().datasets().isEmpty()
                            && !planned.method().namesNewClasses())
                    .map(PlannedMethod::name)
                    .collect(joining(", "));
            if (!leftOut.isEmpty()) {
                note("base_to_new leaves out " + leftOut + ": these methods cannot classify new classes");
            }
            runs.forEach(run -> states.put(run, worker.store().state(run)));
            left.removeIf(run -> states.get(run).result().isPresent());
            worker.store().strays(runs).forEach(this::note);
            if (shared.clip().architecture().text().unmasked()) {
                noteCost();
            }
            listener.begins(List.copyOf(states.values()));
        }

        /** Notes something once, though every run of a dataset may find the same. */
        private void note(String message) {
            if (noted.add(message)) {
                listener.note(message);
            }
        }

        /** Says how long the prompts that are left to learn take with each method. */
        private void noteCost() throws IOException {
            Map<String, Double> prompts = new LinkedHashMap<>();
            for (SweepRun run : left) {
                RunConfig config = run.config();
                if (run.learns() && !run.isTestedElsewhere()) {
                    ImageDataset lists = shared.dataset(config.data().source(), run.seed())
                            .half(config.data().classes());
                    int classes = lists.classCount();
                    int all = lists.train().size();
                    int images = run.shots() == 0 ? all : Math.min(all, run.shots() * classes);
                    prompts.merge(
                            run.label(), config.method().prompts(images, classes, config.training()), Double::sum);
                }
            }
            prompts.forEach(
                    (label, each) -> Run.cost(shared.space(), label, each).ifPresent(this::note));
        }

        List<SweepRun> left() {
            return List.copyOf(left);
        }

        List<RunState> outcome() {
            return List.copyOf(states.values());
        }

        void make(SweepRun run) {
            listener.started(run);
            ended(worker.make(run, progress(run)));
        }

        /** Reads the result of a run that another process made, unless it had a problem. */
        void made(SweepRun run, String problem) {
            listener.started(run);
            listener.progress(elapsed(), elapsed() * runs.size() / (runs.size() - left.size() + 1), run.title());
            ended(problem == null ? worker.read(run) : run.failed(problem));
        }

        private void ended(RunState state) {
            SweepRun run = state.run();
            states.put(run, state);
            left.remove(run);
            state.result().ifPresent(result -> listener.finished(run, result));
            state.failure().ifPresent(problem -> listener.failed(run, problem));
        }

        private double elapsed() {
            return (System.nanoTime() - start) / 1e9;
        }

        /** Shows the tasks of a run, and the time left for all runs. */
        private Progress progress(SweepRun run) {
            double own = seconds(states.values(), List.of(run));
            double others = seconds(states.values(), left) - own;
            double end = elapsed() + own + others;
            return new Progress() {

                @Override
                public void warn(String message) {
                    Pass.this.note(run.dataset() + ": " + message);
                }

                @Override
                public Task task(String name, long count, Unit unit) {
                    return new CountedTask(count) {

                        @Override
                        protected void advanced(long more) {
                            double now = elapsed();
                            double total = Math.max(end, now + others);
                            listener.progress(now, Double.isNaN(total) ? 0 : total, text());
                        }

                        private String text() {
                            return unit == Unit.IMAGES
                                    ? String.format(Locale.ROOT, "%s, %,d of %,d", name, done(), total())
                                    : detail().isEmpty() ? name : detail();
                        }
                    };
                }
            };
        }
    }
}
