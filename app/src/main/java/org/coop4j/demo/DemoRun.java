package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Resource;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.ImageDataset;
import org.coop4j.eval.SeedSummary;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.NearestWords;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.Machine;
import org.coop4j.run.PictureResults;
import org.coop4j.run.PictureResults.PictureResult;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.SharedData;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.Sweep.SweepOutcome;
import org.coop4j.study.SweepPlan;
import org.coop4j.study.SweepRun;

/** Runs the demo: a sweep of hand-written prompts, one of methods that learn, and the results of single photographs. */
public final class DemoRun implements SweepListener {

    private static final String PHOTOGRAPHS = "photographs";
    private static final String DRAWINGS = "drawings";
    private static final String CAREFUL = "careful names";
    private static final int WORDS = 5;
    private static final int CHANGES = 3;

    private final Clip clip;
    private final DemoPictures pictures;
    private final String plan;
    private final SharedData shared;
    private final Listener listener;
    private final Progress progress;
    private final Map<SweepRun, RunResult> results = new LinkedHashMap<>();
    private List<SweepRun> planned = List.of();
    private Progress.Task task;
    private String current = "";

    /** Shows the demo while it runs. */
    public interface Listener {

        /**
         * The hand-written prompts are tested, {@code renamed} with careful class names.
         *
         * @param photographed classes of which the model saw photographs
         */
        void prompts(
                ImageDataset photographs,
                List<String> photographed,
                List<DemoResult.Prompt> prompts,
                List<DemoResult.Prompt> renamed);

        /** All seeds of a number of shots are tested on the photographs. */
        void learned(int shots, Map<DemoMethod, SeedSummary> accuracies);
    }

    /**
     * A demo that has not begun.
     *
     * @param plan the methods that learn; {@link #plan()} unless a test shortens it
     */
    public DemoRun(
            Clip clip, DemoPictures pictures, String plan, Path bankFolder, Listener listener, Progress progress) {
        this.clip = clip;
        this.pictures = pictures;
        this.plan = plan;
        this.shared = new SharedData(clip, new Run.Options(bankFolder, false, MemoryLimit.none()));
        this.listener = listener;
        this.progress = progress;
    }

    /** The plan of the methods that learn. */
    public static String plan() {
        return Resource.text(DemoRun.class, "plan.yaml");
    }

    /**
     * Runs everything that has no result yet.
     *
     * @param folder the sweep's folder, with {@code runs/photographs/METHOD/shotsK-seedS-HASH}
     */
    public DemoResult run(Path folder) throws IOException {
        long start = System.nanoTime();
        List<SweepRun> handWritten = sweep(Resource.text(DemoRun.class, "prompts.yaml"), folder);
        List<DemoResult.Prompt> prompts = prompts(handWritten, PHOTOGRAPHS, DRAWINGS);
        List<DemoResult.Prompt> renamed = prompts(handWritten, CAREFUL, DRAWINGS + ", " + CAREFUL);
        ImageDataset photographs = on(PHOTOGRAPHS, handWritten).get(0).config().testedOn().source().load(1);
        listener.prompts(photographs, pictures.photographed(), prompts, renamed);
        List<SweepRun> learned = sweep(plan, folder);
        LabelledFeatures test = shared.features(photographs.test(), "test photographs", progress);
        int most = learned.stream().mapToInt(SweepRun::shots).max().orElseThrow();
        List<SweepRun> last = on(PHOTOGRAPHS, learned).stream()
                .filter(run -> run.shots() == most)
                .toList();
        SweepRun baseline = on(CAREFUL, handWritten).stream()
                .filter(run -> run.label().equals(DemoResult.best(renamed).template()))
                .findFirst()
                .orElseThrow();
        List<SweepRun> featured = of(DemoMethod.FEATURED, last);
        PictureResults before = pictures(folder, baseline, test);
        List<PictureResults> after = new ArrayList<>();
        for (SweepRun run : featured) {
            after.add(pictures(folder, run, test));
        }
        List<String> names = photographs.classNames();
        return new DemoResult(
                ShippedModel.NAME,
                clip.modelSha256(),
                clip.architecture().parameterCount(),
                names,
                pictures.photographed(),
                photographs.train().size(),
                test.size(),
                results.get(on(DRAWINGS, handWritten).get(0)).testImages(),
                prompts,
                baseline.config().testedOn().source().load(1).classNames(),
                renamed,
                runs(learned),
                words(classifierFile(folder, of(DemoMethod.UNIFIED, last).get(0))),
                changes(names, before, after, true),
                changes(names, before, after, false),
                perClass(names, results.get(baseline), featured.stream().map(results::get).toList()),
                before.all(),
                after.get(0).all(),
                (System.nanoTime() - start) / 1e9,
                Machine.describe(clip.workers().count()));
    }

    private List<SweepRun> sweep(String yaml, Path folder) throws IOException {
        SweepPlan read = SweepPlan.parse(yaml, pictures.folder());
        try (Progress.Task bar = progress.task("demo", 0, Progress.Unit.WORK)) {
            task = bar;
            List<SweepOutcome.Ended> failures =
                    Sweep.of(shared, read).run(folder, this).failures();
            if (!failures.isEmpty()) {
                throw new IOException(
                        failures.get(0).run().title() + ": " + failures.get(0).failure().orElseThrow());
            }
        }
        return planned;
    }

    // The sweep on the screen

    @Override
    public void begins(List<SweepRun> runs, Map<SweepRun, RunResult> finished) {
        planned = runs;
        finished.forEach(this::finished);
    }

    @Override
    public void started(SweepRun run) {
        current = run.learns() ? Numbers.count(run.shots(), "shot") + ", seed " + run.seed() + ", " : "";
    }

    @Override
    public void progress(double done, double total, String doing) {
        task.total((long) Math.ceil(total));
        task.detail(current + doing);
        task.advanceTo((long) done);
    }

    @Override
    public void finished(SweepRun run, RunResult result) {
        results.put(run, result);
        List<SweepRun> same = on(PHOTOGRAPHS, planned).stream()
                .filter(other -> other.learns() && other.shots() == run.shots())
                .toList();
        if (same.contains(run) && results.keySet().containsAll(same)) {
            Map<DemoMethod, SeedSummary> accuracies = new EnumMap<>(DemoMethod.class);
            for (DemoMethod method : DemoMethod.values()) {
                accuracies.put(
                        method,
                        SeedSummary.of(of(method, same), own -> results.get(own).accuracy()));
            }
            listener.learned(run.shots(), accuracies);
        }
    }

    // Results

    private static List<SweepRun> on(String dataset, List<SweepRun> runs) {
        return runs.stream().filter(run -> run.dataset().equals(dataset)).toList();
    }

    private static List<SweepRun> of(DemoMethod method, List<SweepRun> runs) {
        return runs.stream().filter(run -> run.label().equals(method.id())).toList();
    }

    /** The accuracy of what a run learned, or of its prompt, on other data. */
    private double accuracy(SweepRun run, String dataset, List<SweepRun> all) {
        return on(dataset, all).stream()
                .filter(other -> other.label().equals(run.label()))
                .filter(other -> other.shots() == run.shots() && other.seed() == run.seed())
                .mapToDouble(other -> results.get(other).accuracy())
                .findFirst()
                .orElseThrow();
    }

    private List<DemoResult.Prompt> prompts(List<SweepRun> runs, String photographs, String drawings) {
        return on(photographs, runs).stream()
                .map(run -> new DemoResult.Prompt(
                        run.label(), results.get(run).accuracy(), accuracy(run, drawings, runs)))
                .toList();
    }

    private List<DemoResult.Run> runs(List<SweepRun> runs) {
        return on(PHOTOGRAPHS, runs).stream()
                .map(run -> new DemoResult.Run(
                        run.label(),
                        run.shots(),
                        run.seed(),
                        results.get(run).accuracy(),
                        accuracy(run, DRAWINGS, runs)))
                .sorted(Comparator.comparing(DemoResult.Run::shots).thenComparing(DemoResult.Run::seed))
                .toList();
    }

    private static ClassifierFile classifierFile(Path folder, SweepRun run) throws IOException {
        return ClassifierFile.read(folder.resolve(run.folder()).resolve(RunFolder.CLASSIFIER));
    }

    private PictureResults pictures(Path folder, SweepRun run, LabelledFeatures images) throws IOException {
        try (Classifier classifier = classifierFile(folder, run).open(clip)) {
            return PictureResults.of(images, images.scores(classifier));
        }
    }

    private List<List<DemoResult.Word>> words(ClassifierFile prompt) throws IOException {
        return NearestWords.of(clip, prompt, WORDS, NearestWords.Tokens.WORD_ENDS).vectors().stream()
                .map(vector -> vector.nearest().stream()
                        .map(word -> new DemoResult.Word(word.text(), word.distance()))
                        .toList())
                .toList();
    }

    /**
     * Photographs that the hand-written prompt gets wrong and the learned one right with every seed, or the other way
     * round, the most confident first, no two of a class.
     *
     * @param after of each seed
     */
    private static List<DemoResult.Change> changes(
            List<String> names, PictureResults before, List<PictureResults> after, boolean corrected) {
        List<DemoResult.Change> all = new ArrayList<>();
        for (int i = 0; i < before.all().size(); i++) {
            int image = i;
            PictureResult then = before.all().get(i);
            List<PictureResult> now =
                    after.stream().map(seed -> seed.all().get(image)).toList();
            if (then.isRight() != corrected && now.stream().allMatch(result -> result.isRight() == corrected)) {
                all.add(new DemoResult.Change(
                        then.file().toString(),
                        names.get(then.truth()),
                        names.get(then.label()),
                        then.probability(),
                        names.get(now.get(0).label()),
                        now.stream()
                                .mapToDouble(PictureResult::probability)
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

    private static List<DemoResult.ClassGain> perClass(List<String> names, RunResult before, List<RunResult> after) {
        return IntStream.range(0, names.size())
                .mapToObj(label -> new DemoResult.ClassGain(
                        names.get(label),
                        before.perClass().get(label).total(),
                        before.perClass().get(label).correct(),
                        after.stream()
                                .mapToInt(result -> result.perClass().get(label).correct())
                                .average()
                                .orElseThrow()))
                .toList();
    }
}
