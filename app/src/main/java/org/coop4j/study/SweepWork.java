package org.coop4j.study;

import static java.util.Comparator.comparing;
import static org.coop4j.run.RunFolder.RESULT;
import static org.coop4j.study.RunStore.describe;

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
import java.util.function.Consumer;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.Sweep.SweepOutcome;
import org.coop4j.study.SweepCluster.Job;
import org.coop4j.study.SweepRun.RunState;
import org.coop4j.study.SweepRun.Work;
import org.slf4j.Logger;

/** One pass through the runs of a sweep that have no result yet, here or by the processes of a cluster. */
final class SweepWork {

    private static final Logger log = Log.of(SweepWork.class);

    /** Parts of a group's images for each worker, so that a slow one holds up less. */
    private static final int PARTS_PER_WORKER = 4;

    /** Below this a part is not worth a job of its own. */
    private static final int IMAGES_PER_PART = 64;

    private final Images shared;
    private final RunStore store;
    private final SweepListener listener;
    private final double image;
    private final Set<String> noted = new HashSet<>();
    private final Map<SweepRun, RunState> ended = new LinkedHashMap<>();

    SweepWork(Images shared, Path sweepFolder, SweepListener listener) {
        this.shared = shared;
        this.store = new RunStore(sweepFolder);
        this.listener = listener;
        this.image = SweepSchedule.imageWork(shared.clip());
    }

    /** Notes something once, though every run of a dataset may find the same. */
    void note(String message) {
        if (noted.add(message)) {
            listener.note(message);
        }
    }

    /** Does everything here. */
    SweepOutcome run(List<SweepRun> runs) {
        List<RunGroup> groups = begin(runs);
        SweepProgress progress = progress(RunGroup.work(groups, image));
        for (RunGroup group : groups) {
            progress.begin(encoding(group), group.dataset());
            progress.end(encode(group, 0, 1, progress).isEmpty());
            group.runs().forEach(run -> attempt(run, progress));
            shared.forget();
        }
        return outcome();
    }

    /** Begins with the results that are there, and returns the runs that are left. */
    private List<RunGroup> begin(List<SweepRun> runs) {
        runs.forEach(run -> ended.put(run, store.state(run)));
        store.strays(runs).forEach(this::note);
        listener.begins(List.copyOf(ended.values()));
        return RunGroup.of(
                runs.stream().filter(run -> ended.get(run).result().isEmpty()).toList());
    }

    private SweepOutcome outcome() {
        return new SweepOutcome(List.copyOf(ended.values()));
    }

    private SweepProgress progress(double total) {
        return new SweepProgress(listener, this::note, image, total);
    }

    private double encoding(RunGroup group) {
        return group.imageCount() * image;
    }

    // By a cluster

    /**
     * Does everything by the processes of a cluster: first the images that runs have in common are encoded, in parts;
     * then runs are made, those with the most work first; then those that test what others learned.
     */
    SweepOutcome run(List<SweepRun> runs, SweepCluster cluster) throws IOException {
        List<RunGroup> groups = begin(runs);
        List<SweepRun> left = groups.stream()
                .flatMap(group -> group.runs().stream())
                .sorted(comparing(SweepRun::work).reversed())
                .toList();
        SweepProgress progress = progress(RunGroup.work(groups, image));
        List<Step> encoding = new ArrayList<>();
        for (RunGroup group : groups) {
            int parts =
                    Math.max(1, Math.min(PARTS_PER_WORKER * cluster.workers(), group.imageCount() / IMAGES_PER_PART));
            for (int part = 0; part < parts; part++) {
                encoding.add(new Step(
                        new Job(group.runs().get(0).folder().toString(), part, parts),
                        encoding(group) / parts,
                        "encoding " + group.dataset() + " images",
                        problem -> {}));
            }
        }
        each(encoding, cluster, progress);
        for (boolean transferred : new boolean[] {false, true}) {
            each(
                    left.stream()
                            .filter(run -> run.source().isPresent() == transferred)
                            .map(this::step)
                            .toList(),
                    cluster,
                    progress);
        }
        return outcome();
    }

    /** A job, the work that is expected of it, and a reaction to its problem or null. */
    private record Step(Job job, double work, String name, Consumer<String> ended) {}

    private static void each(List<Step> steps, SweepCluster cluster, SweepProgress progress) throws IOException {
        cluster.each(steps.stream().map(Step::job).toList(), (problem, index) -> {
            Step step = steps.get(index);
            progress.begin(step.work, step.name);
            progress.end(problem == null);
            step.ended.accept(problem);
        });
    }

    private Step step(SweepRun run) {
        Job job = new Job(run.folder().toString(), 0, 0);
        return new Step(job, run.work(), run.title(), problem -> {
            listener.started(run);
            try {
                if (problem != null) {
                    throw new IOException(problem);
                }
                finished(run, RunFolder.read(store.folder(run).resolve(RESULT), RunResult.class));
            } catch (IOException e) {
                failed(run, describe(e));
            }
        });
    }

    // Images

    /**
     * Encodes a part of the images that the runs of a group have in common. A problem here comes up again in each run,
     * and is recorded there.
     *
     * @return the problem
     */
    Optional<String> encode(RunGroup group, int index, int parts) {
        return encode(group, index, parts, progress(0));
    }

    private Optional<String> encode(RunGroup group, int index, int parts, SweepProgress progress) {
        try {
            List<LabelledImage> images = images(group);
            int from = (int) ((long) images.size() * index / parts);
            int to = (int) ((long) images.size() * (index + 1) / parts);
            Progress part = progress.new Part(group.dataset(), new Work(encoding(group) / parts, 0, 0));
            shared.encode(images.subList(from, to), "images", part);
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            log.info("{} cannot be encoded", group.dataset(), e);
            return Optional.of(describe(e));
        }
    }

    /**
     * Returns the test images of a group, and the training and val images that its runs learn from and are calibrated
     * on.
     */
    private List<LabelledImage> images(RunGroup group) throws IOException {
        RunConfig first = group.runs().get(0).config();
        Set<LabelledImage> images = new LinkedHashSet<>(
                lists(first, first.testedOn()).half(first.testedOn().classes()).test());
        for (SweepRun run : group.runs()) {
            if (run.learnsFromTestViews()) {
                RunConfig config = run.config();
                RunData data = config.learnedFrom();
                ImageDataset drawn =
                        config.sample().draw(lists(config, data), config.method(), data.classes(), note -> {});
                images.addAll(drawn.train());
                images.addAll(drawn.val());
            }
        }
        return List.copyOf(images);
    }

    private ImageDataset lists(RunConfig config, RunData data) throws IOException {
        return shared.dataset(data.source(), config.sample().seed());
    }

    // Runs

    /**
     * Makes one run.
     *
     * @return the reason if it has no result
     */
    Optional<String> make(SweepRun run) {
        attempt(run, progress(run.work()));
        return ended.get(run).failure();
    }

    private void attempt(SweepRun run, SweepProgress progress) {
        listener.started(run);
        progress.begin(run.work(), run.title());
        try {
            RunResult result = make(run, progress);
            progress.end(true);
            finished(run, result);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            progress.end(false);
            log.info("{} failed", run.folder(), e);
            failed(run, describe(e));
            try {
                store.fail(run, describe(e));
            } catch (IOException unwritten) {
                note("cannot record why %s failed: %s".formatted(run.folder(), describe(unwritten)));
            }
        }
    }

    private void finished(SweepRun run, RunResult result) {
        ended.put(run, run.finished(result));
        listener.finished(run, result);
    }

    private void failed(SweepRun run, String message) {
        ended.put(run, run.failed(message));
        listener.failed(run, message);
    }

    private RunResult make(SweepRun run, SweepProgress progress) throws IOException {
        Optional<RunResult> made = store.state(run).result();
        if (made.isPresent()) {
            return made.get(); // the plan has the same method under another name
        }
        Progress part = progress.new Part(run.dataset(), run.effort());
        if (run.source().isPresent()) {
            return transfer(run, run.source().get(), part);
        }
        shared.test(run.config(), part); // fails before the training, if it must
        return new Run(shared, run.label(), run.config(), part).run(store.prepare(run), true);
    }

    /** Tests the classifier of another run. */
    private RunResult transfer(SweepRun run, SweepRun source, Progress progress) throws IOException {
        RunState learned = store.state(source);
        if (learned.result().isEmpty()) {
            throw new IOException("it needs the run " + source.folder() + ", which has no result"
                    + learned.failure().map(why -> ": " + why).orElse(""));
        }
        Path from = store.folder(source);
        ClassifierFile file = ClassifierFile.read(
                RunFolder.classifier(from).orElseThrow(() -> new IOException(source.folder() + " has no classifier")));
        RunImages images = RunImages.of(from).orElse(RunImages.NONE);
        try (Classifier classifier = file.open(shared.clip())) {
            return new Run(shared, run.label(), run.config(), progress).test(store.prepare(run), classifier, images);
        }
    }
}
