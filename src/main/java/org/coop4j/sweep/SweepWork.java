package org.coop4j.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;
import org.coop4j.run.SharedData;
import org.coop4j.run.TrainRun;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pass through the runs of a sweep that have no result yet. */
final class SweepWork {

    private static final Logger log = LoggerFactory.getLogger(SweepWork.class);

    private final SharedData shared;
    private final List<SweepRun> runs;
    private final RunStore store;
    private final SweepListener listener;
    private final RunTasks tasks;
    private final double image;
    private final Set<String> said = new HashSet<>();
    private final Map<SweepRun, RunResult> results = new LinkedHashMap<>();
    private final Map<SweepRun, String> failures = new LinkedHashMap<>();

    SweepWork(SharedData shared, List<SweepRun> runs, Path folder, SweepListener listener)
            throws IOException {
        this.shared = shared;
        this.runs = runs;
        this.store = new RunStore(folder);
        this.listener = listener;
        this.tasks = new RunTasks(shared, store);
        this.image = new Effort(shared.clip()).image();
    }

    /** Every run of a dataset may find the same; it is said once. */
    void note(String message) {
        if (said.add(message)) {
            listener.note(message);
        }
    }

    SweepOutcome run() {
        for (SweepRun run : runs) {
            store.state(run).result().ifPresent(result -> results.put(run, result));
        }
        store.strays(runs).forEach(this::note);
        listener.begins(runs, results);
        List<RunGroup> groups =
                RunGroup.of(runs.stream().filter(run -> !results.containsKey(run)).toList());
        SweepProgress progress =
                new SweepProgress(listener, groups.stream().mapToDouble(this::work).sum());
        for (RunGroup group : groups) {
            prepare(group, progress);
            for (SweepRun run : group.runs()) {
                attempt(run, progress);
            }
            shared.forget();
        }
        return outcome();
    }

    private double work(RunGroup group) {
        return encoding(group) + group.runs().stream().mapToDouble(SweepRun::work).sum();
    }

    private double encoding(RunGroup group) {
        return (group.testImages() + group.trainingImages()) * image;
    }

    /**
     * Encodes what the runs of a group have in common. What goes wrong here goes wrong again in
     * each run, and is recorded there.
     */
    private void prepare(RunGroup group, SweepProgress progress) {
        double estimate = encoding(group);
        progress.begin(estimate, group.dataset());
        try {
            Encoding test = encoding(group, "test images", progress, estimate, 0);
            shared.evaluator(group.runs().get(0).config(), test);
            Encoding training = encoding(group, "training images", progress, 0, test.work());
            shared.encode(trainingImages(group), training);
            progress.end(true);
        } catch (IOException | RuntimeException e) {
            progress.end(false);
            log.info("{} cannot be prepared", group.dataset(), e);
        }
    }

    private Encoding encoding(
            RunGroup group, String what, SweepProgress progress, double estimate, double before) {
        return new Encoding(
                progress, this::note, group.dataset() + " " + what, image, estimate, before);
    }

    private List<LabelledImage> trainingImages(RunGroup group) throws IOException {
        Set<LabelledImage> images = new LinkedHashSet<>();
        for (SweepRun run : group.runs()) {
            if (RunGroup.learnedAsTested(run).isPresent()) {
                RunConfig config = run.config();
                ImageDataset drawn =
                        TrainRun.sample(
                                shared.dataset(
                                        config.learnedFrom().source(), config.sample().seed()),
                                config.method(),
                                config.sample(),
                                config.learnedFrom().classes(),
                                note -> {});
                images.addAll(drawn.train());
                images.addAll(config.method().usesVal() ? drawn.val() : List.of());
            }
        }
        return new ArrayList<>(images);
    }

    private void attempt(SweepRun run, SweepProgress progress) {
        listener.started(run);
        progress.begin(run.work(), run.title());
        RunResult result;
        try {
            result = make(run, progress);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            progress.end(false);
            log.info("{} failed", run.folder(), e);
            String message = Failure.describe(e);
            failures.put(run, message);
            record(run, message);
            listener.failed(run, message);
            return;
        }
        progress.end(true);
        results.put(run, result);
        listener.finished(run, result);
    }

    private void record(SweepRun run, String failure) {
        try {
            store.fail(run, failure);
        } catch (IOException e) {
            note("cannot record why %s failed: %s".formatted(run.folder(), Failure.describe(e)));
        }
    }

    private RunResult make(SweepRun run, SweepProgress progress) throws IOException {
        Optional<RunResult> made = store.state(run).result();
        if (made.isPresent()) {
            return made.get(); // the plan has the same method under another name
        }
        Encoding encoding =
                new Encoding(progress, this::note, run.dataset() + " images", image, 0, 0);
        if (run.source().isPresent()) {
            return tasks.transfer(run, run.source().get(), encoding);
        }
        shared.evaluator(run.config(), encoding); // fails before the training, if it must
        return tasks.learn(run, new SweepTraining(progress, this::note, run, image));
    }

    private SweepOutcome outcome() {
        return new SweepOutcome(
                runs.stream()
                        .map(
                                run ->
                                        new SweepOutcome.Ended(
                                                run,
                                                Optional.ofNullable(results.get(run)),
                                                Optional.ofNullable(failures.get(run))))
                        .toList());
    }
}
