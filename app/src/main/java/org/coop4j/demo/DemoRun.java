package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.run.PictureResults;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.NearestWords;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.train.Training;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Sample;
import org.coop4j.run.Scores;
import org.coop4j.run.SharedData;
import org.coop4j.run.EncodedImages;
import org.coop4j.run.Run;

/**
 * Runs the demo: hand-written prompts, then methods that learn from more and more photographs, then
 * what they learned on drawings.
 */
public final class DemoRun {

    private static final int WORDS = 5;
    private static final int CHANGES = 3;

    private final Clip clip;
    private final DemoPictures pictures;
    private final DemoConfig config;
    private final SharedData shared;
    private final Listener listener;
    private final Progress progress;

    /** What the user sees of the demo. */
    public interface Listener {

        /**
         * The hand-written prompts are measured, {@code renamed} with careful class names.
         *
         * @param photographed classes of which the model saw photographs
         */
        void prompts(
                ImageDataset photographs,
                List<String> photographed,
                List<DemoResult.Prompt> prompts,
                List<DemoResult.Prompt> renamed);

        /** All seeds of a number of shots are measured. */
        void learned(int shots, List<DemoResult.Run> runs);
    }

    public DemoRun(
            Clip clip,
            DemoPictures pictures,
            DemoConfig config,
            Path bankFolder,
            Listener listener,
            Progress progress) {
        this.clip = clip;
        this.pictures = pictures;
        this.config = config;
        this.shared =
                new SharedData(clip, new Run.Options(bankFolder, false, MemoryLimit.none()));
        this.listener = listener;
        this.progress = progress;
    }

    /**
     * Runs everything.
     *
     * @param folder of the run folders, {@code METHOD-shotsK-seedS}; those of an earlier demo are
     *     replaced
     */
    public DemoResult run(Path folder) throws IOException {
        long start = System.nanoTime();
        ImageDataset photographs = pictures.photographs().load(1);
        ImageDataset drawings = pictures.drawings().load(1);
        if (!drawings.classNames().equals(photographs.classNames())) {
            throw new IOException("photographs and drawings are not of the same classes");
        }
        List<String> betterNames = pictures.renamedPhotographs().load(1).classNames();
        Measured measured =
                new Measured(
                        photographs,
                        encode(photographs.train(), "training photographs"),
                        encode(photographs.test(), "test photographs"),
                        encode(drawings.test(), "drawings"));
        Prompts prompts =
                new Prompts(
                        prompts(measured, photographs.classNames()),
                        betterNames,
                        prompts(measured, betterNames));
        listener.prompts(photographs, pictures.photographed(), prompts.own, prompts.renamed);
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
                            accuracy(measured.drawings, weights)));
        }
        return prompts;
    }

    /** The hand-written prompts, with the classes' own names and with careful ones. */
    private record Prompts(
            List<DemoResult.Prompt> own,
            List<String> betterNames,
            List<DemoResult.Prompt> renamed) {}

    /** The photographs with all features, and those of the drawings. */
    private record Measured(
            ImageDataset photographs, EncodedImages train, EncodedImages test, EncodedImages drawings) {}

    private EncodedImages encode(List<LabelledImage> images, String what) throws IOException {
        return shared.features(images, what, progress);
    }

    private FeatureMatrix handWritten(String template, List<String> classNames) {
        return PromptEnsemble.of(template).classWeights(clip, classNames);
    }

    private Scores scores(EncodedImages images, FeatureMatrix weights) {
        return images.scores(weights, clip.logitScale());
    }

    private double accuracy(EncodedImages images, FeatureMatrix weights) {
        return scores(images, weights).evaluation().accuracy();
    }

    private List<DemoResult.Run> learnAll(Path folder, Measured measured) throws IOException {
        long total = 0;
        for (int shots : config.shots()) {
            for (DemoMethod method : DemoMethod.values()) {
                total += steps(measured, method, shots) * config.seeds().size();
            }
        }
        try (Progress.Task task = progress.task("learning", total, Progress.Unit.STEPS)) {
            return learnAll(folder, measured, task);
        }
    }

    private List<DemoResult.Run> learnAll(Path folder, Measured measured, Progress.Task task)
            throws IOException {
        List<DemoResult.Run> runs = new ArrayList<>();
        for (int shots : config.shots()) {
            List<DemoResult.Run> some = new ArrayList<>();
            for (long seed : config.seeds()) {
                for (DemoMethod method : DemoMethod.values()) {
                    Path run = runFolder(folder, method, shots, seed);
                    learn(run, method, config(measured, method, shots, seed), task);
                    try (Classifier classifier = learned(run).open(clip)) {
                        some.add(result(method, measured, shots, seed, classifier));
                    }
                }
            }
            listener.learned(shots, some);
            runs.addAll(some);
        }
        return runs;
    }

    private RunConfig config(Measured measured, DemoMethod method, int shots, long seed)
            throws IOException {
        RunData data = RunData.of(pictures.photographs(), measured.photographs, ClassHalf.ALL);
        Training training = config.training(method, shots);
        return RunConfig.of(
                        clip.modelSha256(),
                        data,
                        method.method(),
                        training,
                        new Sample(shots, seed))
                .withCheckpointEvery(Math.max(1, training.epochs()));
    }

    /** Steps of a context, which take nearly all of the demo's time. */
    private long steps(Measured measured, DemoMethod method, int shots) {
        if (!method.learnsContext()) {
            return 0;
        }
        Training training = config.training(method, shots);
        int images = Math.min(shots * measured.photographs.classCount(), measured.train.size());
        return (long) Math.max(1, images / training.batch()) * training.epochs();
    }

    private static Path runFolder(Path folder, DemoMethod method, int shots, long seed) {
        return folder.resolve(method.id() + "-shots" + shots + "-seed" + seed);
    }

    private void learn(Path folder, DemoMethod method, RunConfig run, Progress.Task task)
            throws IOException {
        RunFolder.clear(folder);
        Sample sample = run.sample();
        String what = Numbers.count(sample.shots(), "shot") + ", seed " + sample.seed();
        Progress told = method.learnsContext() ? new DemoTraining(task, what) : Progress.NONE;
        new Run(shared, method.title(), run, told).run(folder, false);
    }

    private static DemoResult.Run result(
            DemoMethod method, Measured measured, int shots, long seed, Classifier classifier) {
        return new DemoResult.Run(
                method.id(),
                shots,
                seed,
                measured.test.scores(classifier).evaluation().accuracy(),
                measured.drawings.scores(classifier).evaluation().accuracy());
    }

    private static ClassifierFile learned(Path run) throws IOException {
        return ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER));
    }

    private DemoResult result(
            Path folder,
            Measured measured,
            Prompts prompts,
            List<DemoResult.Run> runs,
            double learnSeconds)
            throws IOException {
        long start = System.nanoTime();
        String best = DemoResult.best(prompts.renamed).template();
        Scores before = scores(measured.test, handWritten(best, prompts.betterNames));
        List<Scores> after = new ArrayList<>();
        int most = config.mostShots();
        for (long seed : config.seeds()) {
            try (Classifier classifier =
                    learned(runFolder(folder, DemoMethod.FEATURED, most, seed)).open(clip)) {
                after.add(measured.test.scores(classifier));
            }
        }
        BeforeAfter comparison = new BeforeAfter(measured.photographs, before, after);
        ClassifierFile first =
                learned(runFolder(folder, DemoMethod.UNIFIED, most, config.seeds().get(0)));
        List<DemoResult.Vector> words = words(first);
        return new DemoResult(
                ShippedModel.NAME,
                clip.modelSha256(),
                clip.architecture().parameterCount(),
                measured.photographs.classNames(),
                pictures.photographed(),
                measured.train.size(),
                measured.test.size(),
                measured.drawings.size(),
                prompts.own,
                prompts.betterNames,
                prompts.renamed,
                runs,
                words,
                comparison.mended(CHANGES),
                comparison.spoilt(CHANGES),
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
