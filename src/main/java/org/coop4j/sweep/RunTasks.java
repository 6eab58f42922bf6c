package org.coop4j.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.method.CrossValidatedProbe;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.method.LinearProbe;
import org.coop4j.method.ProbeFile;
import org.coop4j.method.PromptClassifier;
import org.coop4j.method.ZeroShot;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.run.Evaluator;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunLabel;
import org.coop4j.run.RunResult;
import org.coop4j.run.Scores;
import org.coop4j.run.SharedData;

/** Makes the results of runs that are not trained by steps, each in its folder. */
final class RunTasks {

    private final SharedData shared;
    private final RunStore store;
    private final Consumer<String> notes;

    /**
     * @param notes takes what the user should know
     */
    RunTasks(SharedData shared, RunStore store, Consumer<String> notes) {
        this.shared = shared;
        this.store = store;
        this.notes = notes;
    }

    /** Tests hand-written prompts. */
    RunResult prompts(SweepRun run, BankedImages.Listener listener) throws IOException {
        Evaluator bench = bench(run, listener);
        Seconds seconds = new Seconds();
        FeatureMatrix weights =
                new ZeroShot(run.config().templates())
                        .classWeights(shared.clip(), bench.dataset().classNames());
        RunResult result =
                bench.result(label(run), 0, bench.scores(weights), seconds.until("test"));
        write(run, result, List.of(), bench);
        return result;
    }

    /** Tests what another run learned. */
    RunResult transfer(SweepRun run, SweepRun source, BankedImages.Listener listener)
            throws IOException {
        RunState learned = store.state(source);
        if (learned.result().isEmpty()) {
            throw new IOException(
                    "the run that it is made from, "
                            + source.folder()
                            + ", has no result"
                            + learned.failure().map(why -> ": " + why).orElse(""));
        }
        Evaluator bench = bench(run, listener);
        Seconds seconds = new Seconds();
        Path folder = store.folder(source);
        List<String> names = bench.dataset().classNames();
        Scores scores =
                source.config().config() == null
                        ? probeScores(ProbeFile.read(folder.resolve(RunFolder.PROBE)), bench)
                        : bench.scores(
                                PromptClassifier.of(
                                                shared.clip(),
                                                LearnedPrompt.read(folder.resolve(RunFolder.PROMPT))
                                                        .forClasses(names))
                                        .classWeights());
        RunResult result =
                bench.result(
                        label(run),
                        learned.result().get().trainImages(),
                        scores,
                        seconds.until("test"));
        write(run, result, List.of(), bench);
        return result;
    }

    /** Of a probe, each class tested takes the weights of the class of its name. */
    private static Scores probeScores(ProbeFile probe, Evaluator bench) {
        int[] positions = ClassNames.positions(bench.dataset().classNames(), probe.classNames());
        LinearClassifier classifier = probe.classifier().select(positions);
        return Scores.of(bench.images().labels(), classifier.scores(bench.images().raw()));
    }

    /** Fits a linear probe and tests it. */
    RunResult probe(
            SweepRun run,
            CheckedDataset learned,
            BankedImages.Listener listener,
            LinearProbe.ProgressListener search)
            throws IOException {
        Seconds seconds = new Seconds();
        ImageDataset drawn = probeImages(learned, run);
        Evaluator bench = bench(run, listener);
        LabelledFeatures train = shared.features(drawn.train(), listener).raw();
        LabelledFeatures val = shared.features(drawn.val(), listener).raw();
        seconds.lap("encode_train");
        LinearClassifier classifier = fit(run, train, val, bench.images().raw(), search);
        seconds.lap("train");
        List<String> names = bench.dataset().classNames();
        if (classifier.classCount() < names.size()) {
            throw new IOException(
                    "only %d of %d classes have a readable training image"
                            .formatted(classifier.classCount(), names.size()));
        }
        Scores scores = Scores.of(bench.images().labels(), classifier.scores(bench.images().raw()));
        RunResult result = bench.result(label(run), train.count(), scores, seconds.until("test"));
        new ProbeFile(names, classifier).write(store.folder(run).resolve(RunFolder.PROBE));
        write(run, result, drawn.train(), bench);
        return result;
    }

    private LinearClassifier fit(
            SweepRun run,
            LabelledFeatures train,
            LabelledFeatures val,
            LabelledFeatures test,
            LinearProbe.ProgressListener search) {
        if (val.count() > 0) {
            return LinearProbe.fit(train, val, test, search).classifier();
        }
        notes.accept(
                run.dataset()
                        + " has no val images: the penalty of "
                        + run.config().method()
                        + " is chosen by cross-validation on the training images");
        return CrossValidatedProbe.fit(train);
    }

    /** The lists of the images that a probe learns from, of the half that it is tested on. */
    ImageDataset probeImages(CheckedDataset learned, SweepRun run) throws IOException {
        ImageDataset whole = shared.dataset(learned.data(), run.config().seed());
        int shots = run.config().shots();
        if (shots == 0) {
            return whole.half(run.config().half());
        }
        LinearProbe.Drawn drawn =
                LinearProbe.draw(
                        labels(whole.train()),
                        labels(whole.val()),
                        shots,
                        Math.toIntExact(run.config().seed()));
        return new ImageDataset(
                        whole.name(),
                        whole.classNames(),
                        at(whole.train(), drawn.train()),
                        at(whole.val(), drawn.val()),
                        whole.test())
                .half(run.config().half());
    }

    private static int[] labels(List<LabelledImage> images) {
        return images.stream().mapToInt(LabelledImage::label).toArray();
    }

    private static List<LabelledImage> at(List<LabelledImage> images, List<Integer> positions) {
        return positions.stream().map(images::get).toList();
    }

    Evaluator bench(SweepRun run, BankedImages.Listener listener) throws IOException {
        return shared.bench(run.tested().data(), run.config().seed(), run.half(), listener);
    }

    private static RunLabel label(SweepRun run) {
        RunConfig config = run.config();
        return new RunLabel(
                config.method(),
                run.dataset(),
                run.trainedOn(),
                config.half(),
                config.shots(),
                config.seed());
    }

    private void write(SweepRun run, RunResult result, List<LabelledImage> train, Evaluator bench)
            throws IOException {
        try (RunFolder folder = RunFolder.open(store.folder(run))) {
            folder.write(RunFolder.RESULT, result);
            folder.write(
                    RunFolder.PROVENANCE,
                    Provenance.of(shared.clip(), train, bench.dataset().test()));
        }
    }

    /** Measures how long the parts of a run take. */
    private static final class Seconds {
        private final Map<String, Double> parts = new LinkedHashMap<>();
        private long last = System.nanoTime();

        void lap(String part) {
            long now = System.nanoTime();
            parts.put(part, (now - last) / 1e9);
            last = now;
        }

        Map<String, Double> until(String part) {
            lap(part);
            return parts;
        }
    }
}
