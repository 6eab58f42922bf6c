package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.base.CountedTask;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.NearestWords;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.train.Training;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.Machine;
import org.coop4j.run.PictureResults;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Sample;
import org.coop4j.run.Scores;
import org.coop4j.run.SharedData;

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
    private ImageDataset photographs;
    private LabelledFeatures train;
    private LabelledFeatures test;
    private LabelledFeatures drawings;

    /** Scores of the featured method with most shots, by seed. */
    private final List<Scores> featured = new ArrayList<>();

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
        this.shared = new SharedData(clip, new Run.Options(bankFolder, false, MemoryLimit.none()));
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
        photographs = pictures.photographs().load(1);
        ImageDataset drawn = pictures.drawings().load(1);
        if (!drawn.classNames().equals(photographs.classNames())) {
            throw new IOException("photographs and drawings are not of the same classes");
        }
        train = shared.features(photographs.train(), "training photographs", progress);
        test = shared.features(photographs.test(), "test photographs", progress);
        drawings = shared.features(drawn.test(), "drawings", progress);
        List<String> betterNames = pictures.renamedPhotographs().load(1).classNames();
        List<DemoResult.Prompt> prompts = prompts(photographs.classNames());
        List<DemoResult.Prompt> renamed = prompts(betterNames);
        listener.prompts(photographs, pictures.photographed(), prompts, renamed);
        List<DemoResult.Run> runs = learnAll(folder);
        Scores before = handWritten(test, DemoResult.best(renamed).template(), betterNames);
        Path first = runFolder(
                folder, DemoMethod.UNIFIED, config.mostShots(), config.seeds().get(0));
        return new DemoResult(
                ShippedModel.NAME,
                clip.modelSha256(),
                clip.architecture().parameterCount(),
                photographs.classNames(),
                pictures.photographed(),
                train.size(),
                test.size(),
                drawings.size(),
                prompts,
                betterNames,
                renamed,
                runs,
                words(learned(first)),
                changes(before, true),
                changes(before, false),
                perClass(before),
                PictureResults.of(test, before).all(),
                PictureResults.of(test, featured.get(0)).all(),
                (System.nanoTime() - start) / 1e9,
                Machine.describe(clip.workers().count()));
    }

    private List<DemoResult.Prompt> prompts(List<String> classNames) {
        return config.templates().stream()
                .map(template -> new DemoResult.Prompt(
                        template,
                        handWritten(test, template, classNames).evaluation().accuracy(),
                        handWritten(drawings, template, classNames).evaluation().accuracy()))
                .toList();
    }

    private Scores handWritten(LabelledFeatures images, String template, List<String> classNames) {
        return images.scores(PromptEnsemble.of(template).classWeights(clip, classNames), clip.logitScale());
    }

    private List<DemoResult.Run> learnAll(Path folder) throws IOException {
        List<DemoResult.Run> runs = new ArrayList<>();
        long steps = config.shots().stream().mapToLong(this::steps).sum()
                * config.seeds().size();
        try (Progress.Task task = progress.task("learning", steps, Progress.Unit.STEPS)) {
            for (int shots : config.shots()) {
                List<DemoResult.Run> some = new ArrayList<>();
                for (long seed : config.seeds()) {
                    for (DemoMethod method : DemoMethod.values()) {
                        some.add(learn(folder, method, new Sample(shots, seed), task));
                    }
                }
                listener.learned(shots, some);
                runs.addAll(some);
            }
        }
        return runs;
    }

    /** Steps of the contexts of one seed, which take nearly all of the demo's time. */
    private long steps(int shots) {
        long steps = 0;
        for (DemoMethod method : DemoMethod.values()) {
            if (method.learnsContext()) {
                Training training = config.training(method, shots);
                int images = Math.min(shots * photographs.classCount(), train.size());
                steps += (long) Math.max(1, images / training.batch()) * training.epochs();
            }
        }
        return steps;
    }

    private DemoResult.Run learn(Path folder, DemoMethod method, Sample sample, Progress.Task task) throws IOException {
        Training training = config.training(method, sample.shots());
        RunData data = RunData.of(pictures.photographs(), photographs, ClassHalf.ALL);
        RunConfig run = RunConfig.of(clip.modelSha256(), data, method.method(), training, sample)
                .withCheckpointEvery(Math.max(1, training.epochs()));
        Path place = runFolder(folder, method, sample.shots(), sample.seed());
        RunFolder.clear(place);
        String what = Numbers.count(sample.shots(), "shot") + ", seed " + sample.seed();
        Progress told = method.learnsContext() ? counted(task, what) : Progress.NONE;
        new Run(shared, method.title(), run, told).run(place, false);
        try (Classifier classifier = learned(place).open(clip)) {
            Scores scores = test.scores(classifier);
            if (method == DemoMethod.FEATURED && sample.shots() == config.mostShots()) {
                featured.add(scores);
            }
            return new DemoResult.Run(
                    method.id(),
                    sample.shots(),
                    sample.seed(),
                    scores.evaluation().accuracy(),
                    drawings.scores(classifier).evaluation().accuracy());
        }
    }

    private static Path runFolder(Path folder, DemoMethod method, int shots, long seed) {
        return folder.resolve(method.id() + "-shots" + shots + "-seed" + seed);
    }

    private static ClassifierFile learned(Path run) throws IOException {
        return ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER));
    }

    /** Counts the steps of one run among those of all: its pictures are encoded, and its samples are never short. */
    private static Progress counted(Progress.Task all, String what) {
        return new Progress() {
            @Override
            public void note(String message) {}

            @Override
            public void warn(String message) {}

            @Override
            public Task task(String name, long total, Unit unit) {
                if (unit != Unit.STEPS) {
                    return NONE.task(name, total, unit);
                }
                return new CountedTask(total) {
                    @Override
                    protected void advanced(long more) {
                        all.advance(more);
                    }

                    @Override
                    public void detail(String text) {
                        all.detail(what + ", " + text);
                    }
                };
            }
        };
    }

    private List<List<DemoResult.Word>> words(ClassifierFile prompt) throws IOException {
        List<List<DemoResult.Word>> words = new ArrayList<>();
        for (NearestWords.ContextVector vector : NearestWords.of(clip, prompt, WORDS, NearestWords.Tokens.WORD_ENDS)
                .vectors()) {
            words.add(vector.nearest().stream()
                    .map(word -> new DemoResult.Word(word.text(), word.distance()))
                    .toList());
        }
        return words;
    }

    /**
     * Photographs that the hand-written prompt gets wrong and the learned one right with every seed, or the other way
     * round, the surest first, no two of a class.
     */
    private List<DemoResult.Change> changes(Scores before, boolean better) {
        int[] then = before.predictions();
        List<DemoResult.Change> all = new ArrayList<>();
        for (int i = 0; i < then.length; i++) {
            int truth = photographs.test().get(i).label();
            int image = i;
            boolean changed = featured.stream().allMatch(s -> (s.predictions()[image] == truth) == better);
            if ((then[i] == truth) != better && changed) {
                int now = featured.get(0).predictions()[i];
                all.add(new DemoResult.Change(
                        photographs.test().get(i).path().toString(),
                        photographs.classNames().get(truth),
                        photographs.classNames().get(then[i]),
                        before.probabilities(i)[then[i]],
                        photographs.classNames().get(now),
                        featured.stream()
                                .mapToDouble(s -> s.probabilities(image)[now])
                                .min()
                                .orElseThrow()));
            }
        }
        all.sort(Comparator.comparingDouble(DemoResult.Change::afterProbability).reversed());
        Set<String> classes = new HashSet<>();
        return all.stream()
                .filter(change -> classes.add(change.truth()))
                .limit(CHANGES)
                .toList();
    }

    private List<DemoResult.ClassGain> perClass(Scores before) {
        List<DemoResult.ClassGain> gains = new ArrayList<>();
        for (int label = 0; label < photographs.classCount(); label++) {
            int own = label;
            List<Integer> ofClass = IntStream.range(0, photographs.test().size())
                    .filter(i -> photographs.test().get(i).label() == own)
                    .boxed()
                    .toList();
            gains.add(new DemoResult.ClassGain(
                    photographs.classNames().get(label),
                    ofClass.size(),
                    (int) right(before, ofClass, label),
                    featured.stream()
                            .mapToLong(scores -> right(scores, ofClass, own))
                            .average()
                            .orElseThrow()));
        }
        return gains;
    }

    private static long right(Scores scores, List<Integer> images, int label) {
        int[] predictions = scores.predictions();
        return images.stream().filter(i -> predictions[i] == label).count();
    }
}
