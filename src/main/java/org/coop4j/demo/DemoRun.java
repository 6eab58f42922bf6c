package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.method.CrossValidatedProbe;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.method.NearestWords;
import org.coop4j.method.PromptClassifier;
import org.coop4j.method.ZeroShot;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Scores;
import org.coop4j.run.SharedData;
import org.coop4j.run.TestImages;
import org.coop4j.run.TrainConfig;
import org.coop4j.run.TrainRun;

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
        return ZeroShot.of(template).classWeights(clip, classNames);
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
                    TrainConfig run = config.run(pictures.drawings(), context, shots, seed);
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

    private long steps(Measured measured, int shots) {
        TrainConfig run =
                config.run(pictures.drawings(), DemoContext.UNIFIED, shots, config.seeds().get(0));
        int images = Math.min(shots * measured.drawings.classCount(), measured.train.size());
        int batches = Math.max(1, images / run.batch());
        return (long) batches * run.epochs();
    }

    private static Path runFolder(Path folder, DemoContext context, int shots, long seed) {
        return folder.resolve(context.id() + "-shots" + shots + "-seed" + seed);
    }

    private void learn(Path folder, TrainConfig run, long done, long total) throws IOException {
        RunFolder.delete(folder);
        DemoTraining training =
                new DemoTraining(
                        listener,
                        done,
                        total,
                        "%d shots, seed %d".formatted(run.shots(), run.seed()));
        new TrainRun(shared, METHOD, run, training).run(folder, false);
    }

    private DemoResult.Run test(
            Path folder, Measured measured, DemoContext context, int shots, long seed)
            throws IOException {
        FeatureMatrix weights = learned(folder, context, shots, seed);
        return new DemoResult.Run(
                context.id(),
                shots,
                seed,
                accuracy(measured.test, weights),
                accuracy(measured.emoji, weights));
    }

    private FeatureMatrix learned(Path folder, DemoContext context, int shots, long seed)
            throws IOException {
        return PromptClassifier.of(clip, prompt(folder, context, shots, seed)).classWeights();
    }

    private static LearnedPrompt prompt(Path folder, DemoContext context, int shots, long seed)
            throws IOException {
        return LearnedPrompt.read(
                runFolder(folder, context, shots, seed).resolve(RunFolder.PROMPT));
    }

    private static DemoResult.Run probe(Measured measured, int shots, long seed) {
        List<Integer> drawn =
                new FewShotSampler(shots, seed).sample(measured.drawings).trainPositions();
        LinearClassifier probe =
                CrossValidatedProbe.fit(
                        measured.train
                                .raw()
                                .select(drawn.stream().mapToInt(Integer::intValue).toArray()));
        return new DemoResult.Run(
                DemoResult.PROBE,
                shots,
                seed,
                100 * probe.accuracy(measured.test.raw()),
                100 * probe.accuracy(measured.emoji.raw()));
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
            after.add(scores(measured.test, learned(folder, DemoContext.FEATURED, most, seed)));
        }
        BeforeAfter comparison = new BeforeAfter(measured.drawings, before, after);
        LearnedPrompt first = prompt(folder, DemoContext.UNIFIED, most, config.seeds().get(0));
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
                comparison.confusion(),
                learnSeconds + (System.nanoTime() - start) / 1e9,
                Provenance.machine(clip.workers().count()));
    }

    private List<DemoResult.Vector> words(LearnedPrompt prompt) throws IOException {
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
