package org.coop4j.study;

import java.io.IOException;
import java.util.ArrayList;
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
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.run.RunResult;
import org.coop4j.run.SharedData;
import org.coop4j.run.Run;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pass through the runs of a sweep that have no result yet. */
final class SweepWork {

    private static final Logger log = LoggerFactory.getLogger(SweepWork.class);

    private final SharedData shared;
    private final RunStore store;
    private final SweepListener listener;
    private final double image;
    private final SweepLedger ledger;

    SweepWork(SharedData shared, RunStore store, SweepLedger ledger, SweepListener listener) {
        this.shared = shared;
        this.store = store;
        this.ledger = ledger;
        this.listener = listener;
        this.image = new Effort(shared.clip()).image();
    }

    SweepOutcome run() {
        List<RunGroup> groups = ledger.begin(store);
        SweepProgress progress =
                new SweepProgress(listener, groups.stream().mapToDouble(this::work).sum());
        for (RunGroup group : groups) {
            make(group, progress);
            shared.forget();
        }
        return ledger.outcome();
    }

    private void make(RunGroup group, SweepProgress progress) {
        prepare(group, progress);
        for (SweepRun run : group.runs()) {
            attempt(run, progress);
        }
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
            PartProgress part =
                    new PartProgress(
                            progress, ledger::note, group.dataset(), image, 0, estimate, 0);
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
            PartProgress part =
                    new PartProgress(progress, ledger::note, group.dataset(), image, 0, 0, 0);
            shared.encode(images.subList(from, to), "images", part);
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            log.info("{} cannot be encoded", group.dataset(), e);
            return Optional.of(Failure.describe(e));
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
                ImageDataset drawn =
                        config.sample()
                                .draw(
                                        shared.dataset(
                                                config.learnedFrom().source(),
                                                config.sample().seed()),
                                        config.method(),
                                        config.learnedFrom().classes(),
                                        note -> {});
                images.addAll(drawn.train());
                images.addAll(drawn.val()); // every classifier is calibrated on them
            }
        }
        return new ArrayList<>(images);
    }

    /**
     * Makes one run.
     *
     * @return why it has no result
     */
    Optional<String> make(SweepRun run) {
        attempt(run, new SweepProgress(listener, run.work()));
        return ledger.outcome().runs().get(0).failure();
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
            record(run, message);
            ledger.failed(run, message);
            return;
        }
        progress.end(true);
        ledger.finished(run, result);
    }

    private void record(SweepRun run, String failure) {
        try {
            store.fail(run, failure);
        } catch (IOException e) {
            ledger.note(
                    "cannot record why %s failed: %s".formatted(run.folder(), Failure.describe(e)));
        }
    }

    private RunResult make(SweepRun run, SweepProgress progress) throws IOException {
        Optional<RunResult> made = store.state(run).result();
        if (made.isPresent()) {
            return made.get(); // the plan has the same method under another name
        }
        double encoding = run.effort().encoding();
        double learning = run.work() - encoding;
        PartProgress part =
                new PartProgress(
                        progress,
                        ledger::note,
                        run.dataset(),
                        image,
                        learning / Math.max(1, run.effort().steps()),
                        encoding,
                        learning);
        if (run.source().isPresent()) {
            return transfer(run, run.source().get(), part);
        }
        shared.evaluator(run.config(), part); // fails before the training, if it must
        return new Run(shared, run.label(), run.config(), part).run(store.prepare(run), true);
    }

    /** Tests what another run learned. */
    private RunResult transfer(SweepRun run, SweepRun source, Progress progress)
            throws IOException {
        RunState learned = store.state(source);
        if (learned.result().isEmpty()) {
            throw new IOException(
                    "the run that it is made from, "
                            + source.folder()
                            + ", has no result"
                            + learned.failure().map(why -> ": " + why).orElse(""));
        }
        store.prepare(run);
        Evaluator evaluator = shared.evaluator(run.config(), progress);
        long begin = System.nanoTime();
        ClassifierFile file =
                ClassifierFile.read(
                        store.classifier(source)
                                .orElseThrow(
                                        () ->
                                                new IOException(
                                                        source.folder() + " has no classifier")));
        RunImages images = RunImages.of(store.folder(source)).orElse(RunImages.NONE);
        RunResult result;
        try (Classifier classifier =
                file.open(shared.clip()).forClasses(evaluator.dataset().classNames())) {
            result =
                    RunResult.of(
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
