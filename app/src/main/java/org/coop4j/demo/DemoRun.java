package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
    private final List<Tested> tested = new ArrayList<>();
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

    /** Returns the plan of the methods that learn. */
    public static String plan() {
        return Resource.text(DemoRun.class, "plan.yaml");
    }

    /** A finished run. */
    private record Tested(SweepRun run, RunResult result) {}

    /**
     * Runs everything that has no result yet.
     *
     * @param folder the sweep's folder, with {@code runs/photographs/METHOD/shotsK-seedS-HASH}
     */
    public DemoResult run(Path folder) throws IOException {
        long start = System.nanoTime();
        sweep(Resource.text(DemoRun.class, "prompts.yaml"), folder);
        List<DemoResult.Prompt> prompts = prompts(PHOTOGRAPHS, DRAWINGS);
        List<DemoResult.Prompt> renamed = prompts(CAREFUL, DRAWINGS + ", " + CAREFUL);
        ImageDataset photographs = lists(PHOTOGRAPHS);
        listener.prompts(photographs, pictures.photographed(), prompts, renamed);
        sweep(plan, folder);
        LabelledFeatures test = shared.features(photographs.test(), "test photographs", progress);
        int most = planned.stream().mapToInt(SweepRun::shots).max().orElseThrow();
        List<PictureResult> before = pictures(
                folder, on(CAREFUL, DemoResult.best(renamed).template(), 0).get(0), test);
        List<List<PictureResult>> after = new ArrayList<>();
        for (Tested seed : on(PHOTOGRAPHS, DemoMethod.FEATURED.id(), most)) {
            after.add(pictures(folder, seed, test));
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
                lists(DRAWINGS).test().size(),
                prompts,
                lists(CAREFUL).classNames(),
                renamed,
                on(PHOTOGRAPHS)
                        .filter(one -> one.run.learns())
                        .map(one -> new DemoResult.Run(
                                one.run.label(),
                                one.run.shots(),
                                one.run.seed(),
                                one.result.accuracy(),
                                accuracyOn(DRAWINGS, one.run)))
                        .sorted(Comparator.comparing(DemoResult.Run::shots).thenComparing(DemoResult.Run::seed))
                        .toList(),
                words(classifier(
                        folder, on(PHOTOGRAPHS, DemoMethod.UNIFIED.id(), most).get(0))),
                changes(names, before, after, true),
                changes(names, before, after, false),
                IntStream.range(0, names.size())
                        .mapToObj(label -> classGain(label, names.get(label), before, after))
                        .toList(),
                before,
                after.get(0),
                (System.nanoTime() - start) / 1e9,
                Machine.describe(clip.workers().count()));
    }

    private void sweep(String yaml, Path folder) throws IOException {
        SweepPlan read = SweepPlan.parse(yaml, pictures.folder());
        try (Progress.Task bar = progress.task("demo", 0, Progress.Unit.WORK)) {
            task = bar;
            for (SweepOutcome.Ended run :
                    Sweep.of(shared, read).run(folder, this).failures()) {
                throw new IOException(run.run().title() + ": " + run.failure().orElseThrow());
            }
        }
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
        tested.add(new Tested(run, result));
        if (!run.learns() || !run.dataset().equals(PHOTOGRAPHS)) {
            return;
        }
        long all = planned.stream()
                .filter(other -> other.dataset().equals(PHOTOGRAPHS) && other.shots() == run.shots())
                .count();
        if (on(PHOTOGRAPHS).filter(one -> one.run.shots() == run.shots()).count() == all) {
            Map<DemoMethod, SeedSummary> accuracies = new EnumMap<>(DemoMethod.class);
            for (DemoMethod method : DemoMethod.values()) {
                List<Tested> seeds = on(PHOTOGRAPHS, method.id(), run.shots());
                accuracies.put(method, SeedSummary.of(seeds, seed -> seed.result.accuracy()));
            }
            listener.learned(run.shots(), accuracies);
        }
    }

    // Results

    private Stream<Tested> on(String dataset) {
        return tested.stream().filter(one -> one.run.dataset().equals(dataset));
    }

    private List<Tested> on(String dataset, String label, int shots) {
        return on(dataset)
                .filter(one -> one.run.label().equals(label) && one.run.shots() == shots)
                .toList();
    }

    /** Returns the accuracy of the same classifier on other data. */
    private double accuracyOn(String dataset, SweepRun run) {
        return on(dataset, run.label(), run.shots()).stream()
                .filter(other -> other.run.seed() == run.seed())
                .findFirst()
                .orElseThrow()
                .result
                .accuracy();
    }

    private ImageDataset lists(String dataset) throws IOException {
        SweepRun any = on(dataset).findFirst().orElseThrow().run;
        return any.config().testedOn().source().load(1);
    }

    private List<DemoResult.Prompt> prompts(String photographs, String drawings) {
        return on(photographs)
                .map(one ->
                        new DemoResult.Prompt(one.run.label(), one.result.accuracy(), accuracyOn(drawings, one.run)))
                .toList();
    }

    private static ClassifierFile classifier(Path folder, Tested one) throws IOException {
        return ClassifierFile.read(folder.resolve(one.run.folder()).resolve(RunFolder.CLASSIFIER));
    }

    private List<PictureResult> pictures(Path folder, Tested one, LabelledFeatures images) throws IOException {
        try (Classifier classifier = classifier(folder, one).open(clip)) {
            return PictureResults.of(images, images.scores(classifier)).all();
        }
    }

    private List<List<DemoResult.Word>> words(ClassifierFile prompt) throws IOException {
        return NearestWords.of(clip, prompt, WORDS, NearestWords.Tokens.WORD_ENDS).vectors().stream()
                .map(vector -> vector.nearest().stream()
                        .map(word -> new DemoResult.Word(word.text(), word.distance()))
                        .toList())
                .toList();
    }

    private static DemoResult.ClassGain classGain(
            int label, String name, List<PictureResult> before, List<List<PictureResult>> after) {
        int images = (int) before.stream().filter(one -> one.truth() == label).count();
        double learned =
                after.stream().mapToInt(seed -> right(label, seed)).average().orElseThrow();
        return new DemoResult.ClassGain(name, images, right(label, before), learned);
    }

    private static int right(int label, List<PictureResult> results) {
        return (int) results.stream()
                .filter(one -> one.truth() == label && one.isRight())
                .count();
    }

    /**
     * Returns the photographs that the hand-written prompt gets wrong and the learned one right with every seed, or the
     * other way round, the most confident first, no two of a class.
     *
     * @param after of each seed
     */
    private static List<DemoResult.Change> changes(
            List<String> names, List<PictureResult> before, List<List<PictureResult>> after, boolean corrected) {
        List<DemoResult.Change> all = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            int image = i;
            PictureResult then = before.get(i);
            List<PictureResult> now =
                    after.stream().map(seed -> seed.get(image)).toList();
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
}
