package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.analysis.PictureResults;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Fit;
import org.coop4j.method.LinearProbe;
import org.coop4j.method.NearestWords;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Task;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Sample;
import org.coop4j.run.Scores;
import org.coop4j.run.SharedData;
import org.coop4j.run.TestImages;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Training;

/**
 * Runs the demo: hand-written prompts, then contexts and linear probes from more and more drawings,
 * then what the learned contexts do elsewhere.
 */
public final class DemoRun {

    private static final String METHOD = "coop";
    private static final int WORDS = 5;
    private static final int MENDED = 3;

    private final Clip clip;
    private final DemoPictures pictures;
    private final DemoConfig config;
    private final SharedData shared;
    private final Listener listener;

    /** What the user sees of the demo. */
    public interface Listener {

        /** Pictures are about to be encoded; {@code what} says which. */
        BankedImages.Listener encoding(String what);

        /** The hand-written prompts are measured, {@code renamed} with better class names. */
        void prompts(
                ImageDataset drawings,
                List<DemoResult.Prompt> prompts,
                List<DemoResult.Prompt> renamed);

        /** {@code done} of {@code total} steps of all training runs are done; called often. */
        void training(long done, long total, String what);

        /** All seeds of a number of shots are measured. */
        void learned(int shots, List<DemoResult.Run> runs);
    }

    public DemoRun(
            Clip clip,
            DemoPictures pictures,
            DemoConfig config,
            Path bankFolder,
            Listener listener) {
        this.clip = clip;
        this.pictures = pictures;
        this.config = config;
        this.shared =
                new SharedData(clip, new TrainRun.Options(bankFolder, false, MemoryLimit.none()));
        this.listener = listener;
    }

    /**
     * Runs everything.
     *
     * @param folder of the run folders, {@code METHOD-shotsK-seedS}; those of an earlier demo are
     *     replaced
     */
    public DemoResult run(Path folder) throws IOException {
        long start = System.nanoTime();
        ImageDataset drawings = pictures.drawings().load(1);
        ImageDataset emoji = pictures.emoji().load(1);
        if (!emoji.classNames().equals(drawings.classNames())) {
            throw new IOException("drawings and emoji are not of the same classes");
        }
        List<String> betterNames = pictures.renamedDrawings().load(1).classNames();
        Measured measured =
                new Measured(
                        drawings,
                        encode(drawings.train(), "training drawings"),
                        encode(drawings.test(), "test drawings"),
                        encode(emoji.test(), "emoji"));
        Prompts prompts =
                new Prompts(
                        prompts(measured, drawings.classNames()),
                        betterNames,
                        prompts(measured, betterNames));
        listener.prompts(drawings, prompts.own, prompts.renamed);
        List<DemoResult.Run> runs = learnAll(folder, measured);
        return result(folder, measured, prompts, runs, (System.nanoTime() - start) / 1e9);
    }

    private List<DemoResult.Prompt> prompts(Measured measured, List<String> classNames) {
        List<DemoResult.Prompt> prompts = new ArrayList<>();
        for (String template : config.templates()) {
            FeatureMatrix weights = handWritten(template, classNames);
            prompts.add(
                    new DemoResult.Prompt(
                            template,
                            accuracy(measured.test, weights),
                            accuracy(measured.emoji, weights)));
        }
        return prompts;
    }

    /** The hand-written prompts, with the classes' own names and with better ones. */
    private record Prompts(
            List<DemoResult.Prompt> own,
            List<String> betterNames,
            List<DemoResult.Prompt> renamed) {}

    /** The drawings with all features. */
    private record Measured(
            ImageDataset drawings, TestImages train, TestImages test, TestImages emoji) {}

    private TestImages encode(List<LabelledImage> images, String what) throws IOException {
        return shared.features(images, listener.encoding(what));
    }

    private FeatureMatrix handWritten(String template, List<String> classNames) {
        return PromptEnsemble.of(template).classWeights(clip, classNames);
    }

    private Scores scores(TestImages images, FeatureMatrix weights) {
        return images.scores(weights, clip.logitScale());
    }

    private double accuracy(TestImages images, FeatureMatrix weights) {
        return scores(images, weights).evaluation().accuracy();
    }

    private List<DemoResult.Run> learnAll(Path folder, Measured measured) throws IOException {
        long total = 0;
        for (int shots : config.shots()) {
            total += steps(measured, shots) * config.seeds().size() * DemoContext.values().length;
        }
        List<DemoResult.Run> runs = new ArrayList<>();
        long done = 0;
        for (int shots : config.shots()) {
            List<DemoResult.Run> some = new ArrayList<>();
            for (long seed : config.seeds()) {
                for (DemoContext context : DemoContext.values()) {
                    RunConfig run = run(measured, context, shots, seed);
                    learn(runFolder(folder, context, shots, seed), run, done, total);
                    done += steps(measured, shots);
                    some.add(test(folder, measured, context, shots, seed));
                }
                some.add(probe(measured, shots, seed));
            }
            listener.learned(shots, some);
            runs.addAll(some);
        }
        return runs;
    }

    private RunConfig run(Measured measured, DemoContext context, int shots, long seed)
            throws IOException {
        RunData data = RunData.of(pictures.drawings(), measured.drawings, ClassHalf.ALL);
        Training training = config.training(shots);
        return RunConfig.of(
                        clip.model().sha256(),
                        data,
                        config.method(context),
                        training,
                        new Sample(shots, seed))
                .withCheckpointEvery(training.epochs());
    }

    private long steps(Measured measured, int shots) {
        Training training = config.training(shots);
        int images = Math.min(shots * measured.drawings.classCount(), measured.train.size());
        return (long) Math.max(1, images / training.batch()) * training.epochs();
    }

    private static Path runFolder(Path folder, DemoContext context, int shots, long seed) {
        return folder.resolve(context.id() + "-shots" + shots + "-seed" + seed);
    }

    private void learn(Path folder, RunConfig run, long done, long total) throws IOException {
        RunFolder.clear(folder);
        DemoTraining training =
                new DemoTraining(
                        listener,
                        done,
                        total,
                        "%d shots, seed %d".formatted(run.sample().shots(), run.sample().seed()));
        new TrainRun(shared, METHOD, run, training).run(folder, false);
    }

    private DemoResult.Run test(
            Path folder, Measured measured, DemoContext context, int shots, long seed)
            throws IOException {
        try (Classifier classifier = learned(folder, context, shots, seed).open(clip)) {
            return result(context.id(), measured, shots, seed, classifier);
        }
    }

    private static DemoResult.Run result(
            String method, Measured measured, int shots, long seed, Classifier classifier) {
        return new DemoResult.Run(
                method,
                shots,
                seed,
                measured.test.scores(classifier).evaluation().accuracy(),
                measured.emoji.scores(classifier).evaluation().accuracy());
    }

    private static ClassifierFile learned(Path folder, DemoContext context, int shots, long seed)
            throws IOException {
        return ClassifierFile.read(
                runFolder(folder, context, shots, seed).resolve(RunFolder.CLASSIFIER));
    }

    /** On the images that the contexts learn from, without val images. */
    private DemoResult.Run probe(Measured measured, int shots, long seed) throws IOException {
        List<Integer> drawn =
                new FewShotSampler(shots, seed).sample(measured.drawings).trainPositions();
        FeatureSet train = measured.train.select(drawn);
        FeatureSet val = measured.train.select(List.of());
        Task task =
                new Task(
                        measured.drawings.classNames(),
                        config.templates().get(0),
                        config.templates(),
                        seed);
        try (Classifier probe =
                new LinearProbe(false)
                        .learner(clip, task)
                        .fit(
                                new FewShotFeatures(train, val),
                                Fit.inMemory(Training.none(), seed))) {
            return result(DemoResult.PROBE, measured, shots, seed, probe);
        }
    }

    private DemoResult result(
            Path folder,
            Measured measured,
            Prompts prompts,
            List<DemoResult.Run> runs,
            double learnSeconds)
            throws IOException {
        long start = System.nanoTime();
        String best = DemoResult.best(prompts.own).template();
        Scores before = scores(measured.test, handWritten(best, measured.drawings.classNames()));
        List<Scores> after = new ArrayList<>();
        int most = config.mostShots();
        for (long seed : config.seeds()) {
            try (Classifier classifier =
                    learned(folder, DemoContext.FEATURED, most, seed).open(clip)) {
                after.add(measured.test.scores(classifier));
            }
        }
        BeforeAfter comparison = new BeforeAfter(measured.drawings, before, after);
        ClassifierFile first = learned(folder, DemoContext.UNIFIED, most, config.seeds().get(0));
        List<DemoResult.Vector> words = words(first);
        List<DemoResult.Mended> mended = comparison.mended(MENDED);
        return new DemoResult(
                ShippedModel.NAME,
                clip.model().sha256(),
                clip.architecture().parameterCount(),
                measured.drawings.classNames(),
                measured.train.size(),
                measured.test.size(),
                measured.emoji.size(),
                prompts.own,
                prompts.betterNames,
                prompts.renamed,
                runs,
                words,
                mended,
                comparison.perClass(),
                PictureResults.of(measured.test, before).all(),
                PictureResults.of(measured.test, after.get(0)).all(),
                learnSeconds + (System.nanoTime() - start) / 1e9,
                Provenance.machine(clip.workers().count()));
    }

    private List<DemoResult.Vector> words(ClassifierFile prompt) throws IOException {
        return NearestWords.of(clip, prompt, WORDS, NearestWords.Tokens.WORD_ENDS)
                .vectors()
                .stream()
                .map(
                        vector ->
                                new DemoResult.Vector(
                                        vector.nearest().stream()
                                                .map(
                                                        w ->
                                                                new DemoResult.Word(
                                                                        w.text(), w.distance()))
                                                .toList()))
                .toList();
    }
}
