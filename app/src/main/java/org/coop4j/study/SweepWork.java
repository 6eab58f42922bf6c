package org.coop4j.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Evaluator;
import org.coop4j.run.Provenance;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.run.RunResult;
import org.coop4j.run.SharedData;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.Sweep.SweepOutcome;
import org.coop4j.study.SweepRun.RunState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pass through the runs of a sweep that have no result yet, here or by the processes of a cluster. */
final class SweepWork {

    private static final Logger log = LoggerFactory.getLogger(SweepWork.class);

    /** Parts of a group's images for each worker, so that a slow one holds up less. */
    private static final int PARTS_PER_WORKER = 4;

    /** Below this a part is not worth a job of its own. */
    private static final int IMAGES_PER_PART = 64;

    private final SharedData shared;
    private final RunStore store;
    private final SweepListener listener;
    private final double image;
    private final Set<String> said = new HashSet<>();
    private final Map<SweepRun, RunResult> results = new LinkedHashMap<>();
    private final Map<SweepRun, String> failures = new LinkedHashMap<>();

    /**
     * @param folder the sweep's
     */
    SweepWork(SharedData shared, Path folder, SweepListener listener) throws IOException {
        this.shared = shared;
        this.store = new RunStore(folder);
        this.listener = listener;
        this.image = SweepSchedule.imageWork(shared.clip());
    }

    /** Every run of a dataset may find the same; it is said once. */
    void note(String message) {
        if (said.add(message)) {
            listener.note(message);
        }
    }

    SweepOutcome run(List<SweepRun> runs) {
        List<RunGroup> groups = begin(runs);
        SweepProgress progress = new SweepProgress(
                listener, groups.stream().mapToDouble(this::work).sum());
        for (RunGroup group : groups) {
            prepare(group, progress);
            group.runs().forEach(run -> attempt(run, progress));
            shared.forget();
        }
        return outcome(runs);
    }

    /** Begins with the results that are there, and returns the runs that are left. */
    private List<RunGroup> begin(List<SweepRun> runs) {
        for (SweepRun run : runs) {
            store.state(run).result().ifPresent(result -> results.put(run, result));
        }
        store.strays(runs).forEach(this::note);
        listener.begins(runs, results);
        return RunGroup.of(
                runs.stream().filter(run -> !results.containsKey(run)).toList());
    }

    private SweepOutcome outcome(List<SweepRun> runs) {
        List<SweepOutcome.Ended> ended = new ArrayList<>();
        for (SweepRun run : runs) {
            ended.add(new SweepOutcome.Ended(
                    run, Optional.ofNullable(results.get(run)), Optional.ofNullable(failures.get(run))));
        }
        return new SweepOutcome(ended);
    }

    private double work(RunGroup group) {
        return encoding(group)
                + group.runs().stream().mapToDouble(SweepRun::work).sum();
    }

    private double encoding(RunGroup group) {
        return (group.testImages() + group.trainingImages()) * image;
    }

    // By a cluster

    /**
     * First the images that runs have in common are encoded, in parts; then runs are made, those with the most work first;
     * then those that test what others learned.
     */
    SweepOutcome run(List<SweepRun> runs, SweepCluster cluster) throws IOException {
        List<RunGroup> groups = begin(runs);
        List<SweepRun> left =
                groups.stream().flatMap(group -> group.runs().stream()).toList();
        SweepProgress progress = new SweepProgress(
                listener, groups.stream().mapToDouble(this::work).sum());
        encode(groups, cluster, progress);
        make(left.stream().filter(run -> run.source().isEmpty()).toList(), cluster, progress);
        make(left.stream().filter(run -> run.source().isPresent()).toList(), cluster, progress);
        return outcome(runs);
    }

    /** What goes wrong here goes wrong again in each run, and is recorded there. */
    private void encode(List<RunGroup> groups, SweepCluster cluster, SweepProgress progress) throws IOException {
        List<SweepCluster.Job> jobs = new ArrayList<>();
        List<RunGroup> groupOfJob = new ArrayList<>();
        for (RunGroup group : groups) {
            int images = group.testImages() + group.trainingImages();
            int parts = Math.max(1, Math.min(PARTS_PER_WORKER * cluster.workers(), images / IMAGES_PER_PART));
            for (int part = 0; part < parts; part++) {
                jobs.add(new SweepCluster.Job(group.runs().get(0).folder().toString(), part, parts));
                groupOfJob.add(group);
            }
        }
        cluster.each(jobs, (problem, index) -> {
            RunGroup group = groupOfJob.get(index);
            progress.begin(encoding(group) / jobs.get(index).parts(), "encoding " + group.dataset() + " images");
            progress.end(true);
        });
    }

    private void make(List<SweepRun> runs, SweepCluster cluster, SweepProgress progress) throws IOException {
        List<SweepRun> longestFirst = new ArrayList<>(runs);
        longestFirst.sort(Comparator.comparing(SweepRun::work).reversed());
        List<SweepCluster.Job> jobs = longestFirst.stream()
                .map(run -> SweepCluster.Job.make(run.folder().toString()))
                .toList();
        cluster.each(jobs, (problem, index) -> {
            SweepRun run = longestFirst.get(index);
            listener.started(run);
            progress.begin(run.work(), run.title());
            progress.end(problem == null);
            if (problem != null) {
                failed(run, problem);
                return;
            }
            try {
                finished(run, RunFolder.read(store.folder(run).resolve(RunFolder.RESULT), RunResult.class));
            } catch (IOException e) {
                failed(run, RunStore.describe(e));
            }
        });
    }

    // Images

    /**
     * Encodes what the runs of a group have in common. What goes wrong here goes wrong again in each run, and is recorded
     * there.
     */
    private void prepare(RunGroup group, SweepProgress progress) {
        double estimate = encoding(group);
        progress.begin(estimate, group.dataset());
        try {
            Progress part = progress.new Part(this::note, group.dataset(), image, estimate, 0, 0);
            shared.evaluator(group.runs().get(0).config(), part);
            shared.encode(trainingImages(group), "training images", part);
            progress.end(true);
        } catch (IOException | RuntimeException e) {
            progress.end(false);
            log.info("{} cannot be prepared", group.dataset(), e);
        }
    }

    /**
     * Encodes a part of the images that the runs of a group have in common.
     *
     * @return what went wrong
     */
    Optional<String> encode(RunGroup group, int index, int parts) {
        try {
            List<LabelledImage> images = new ArrayList<>(testImages(group));
            images.addAll(trainingImages(group));
            int from = (int) ((long) images.size() * index / parts);
            int to = (int) ((long) images.size() * (index + 1) / parts);
            SweepProgress progress = new SweepProgress(listener, 0);
            shared.encode(
                    images.subList(from, to), "images", progress.new Part(this::note, group.dataset(), image, 0, 0, 0));
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            log.info("{} cannot be encoded", group.dataset(), e);
            return Optional.of(RunStore.describe(e));
        }
    }

    private List<LabelledImage> testImages(RunGroup group) throws IOException {
        RunConfig config = group.runs().get(0).config();
        RunData tested = config.testedOn();
        return shared.dataset(tested.source(), config.sample().seed())
                .half(tested.classes())
                .test();
    }

    private List<LabelledImage> trainingImages(RunGroup group) throws IOException {
        Set<LabelledImage> images = new LinkedHashSet<>();
        for (SweepRun run : group.runs()) {
            if (RunGroup.learnedAsTested(run).isPresent()) {
                RunConfig config = run.config();
                RunData learned = config.learnedFrom();
                ImageDataset lists =
                        shared.dataset(learned.source(), config.sample().seed());
                ImageDataset drawn = config.sample().draw(lists, config.method(), learned.classes(), note -> {});
                images.addAll(drawn.train());
                images.addAll(drawn.val()); // every classifier is calibrated on them
            }
        }
        return new ArrayList<>(images);
    }

    // Runs

    /**
     * Makes one run.
     *
     * @return why it has no result
     */
    Optional<String> make(SweepRun run) {
        attempt(run, new SweepProgress(listener, run.work()));
        return Optional.ofNullable(failures.get(run));
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
            String message = RunStore.describe(e);
            record(run, message);
            failed(run, message);
            return;
        }
        progress.end(true);
        finished(run, result);
    }

    private void finished(SweepRun run, RunResult result) {
        results.put(run, result);
        listener.finished(run, result);
    }

    private void failed(SweepRun run, String message) {
        failures.put(run, message);
        listener.failed(run, message);
    }

    private void record(SweepRun run, String failure) {
        try {
            store.fail(run, failure);
        } catch (IOException e) {
            note("cannot record why %s failed: %s".formatted(run.folder(), RunStore.describe(e)));
        }
    }

    private RunResult make(SweepRun run, SweepProgress progress) throws IOException {
        Optional<RunResult> made = store.state(run).result();
        if (made.isPresent()) {
            return made.get(); // the plan has the same method under another name
        }
        double encoding = run.effort().encoding();
        Progress part = progress
        .new Part(
                this::note,
                run.dataset(),
                image,
                encoding,
                run.work() - encoding,
                run.effort().steps());
        if (run.source().isPresent()) {
            return transfer(run, run.source().get(), part);
        }
        shared.evaluator(run.config(), part); // fails before the training, if it must
        return new Run(shared, run.label(), run.config(), part).run(store.prepare(run), true);
    }

    /** Tests what another run learned. */
    private RunResult transfer(SweepRun run, SweepRun source, Progress progress) throws IOException {
        RunState learned = store.state(source);
        if (learned.result().isEmpty()) {
            throw new IOException("the run that it is made from, " + source.folder() + ", has no result"
                    + learned.failure().map(why -> ": " + why).orElse(""));
        }
        store.prepare(run);
        Evaluator evaluator = shared.evaluator(run.config(), progress);
        long begin = System.nanoTime();
        Path classifierFile = RunFolder.classifier(store.folder(source))
                .orElseThrow(() -> new IOException(source.folder() + " has no classifier"));
        ClassifierFile file = ClassifierFile.read(classifierFile);
        RunImages images = RunImages.of(store.folder(source)).orElse(RunImages.NONE);
        RunResult result;
        try (Classifier classifier =
                file.open(shared.clip()).forClasses(evaluator.dataset().classNames())) {
            result = RunResult.of(
                    run.label(),
                    run.config(),
                    learned.result().get().trainImages(),
                    evaluator,
                    evaluator.scores(classifier),
                    Map.of("test", (System.nanoTime() - begin) / 1e9));
        }
        try (RunFolder folder = RunFolder.open(store.folder(run))) {
            images.testedOn(evaluator).write(folder);
            folder.write(RunFolder.RESULT, result);
            folder.write(
                    RunFolder.PROVENANCE,
                    Provenance.of(shared.clip(), List.of(), evaluator.dataset().test()));
        }
        return result;
    }
}
