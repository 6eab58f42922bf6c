package org.coop4j.demo;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.demo.DemoResult.CAREFUL;
import static org.coop4j.demo.DemoResult.DRAWINGS;
import static org.coop4j.demo.DemoResult.PHOTOGRAPHS;
import static org.coop4j.run.RunFolder.CLASSIFIER;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.coop4j.base.Machine;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.Resource;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.ImageDataset;
import org.coop4j.demo.DemoResult.Score;
import org.coop4j.demo.DemoResult.Scores;
import org.coop4j.findings.PictureResults;
import org.coop4j.findings.PictureResults.PictureResult;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.report.NearestWords;
import org.coop4j.report.NearestWords.ContextVector;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Run;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.SweepPlan;
import org.coop4j.study.SweepRun;
import org.coop4j.study.SweepRun.RunState;

/** Runs the demo: a sweep of hand-written prompts, one of methods that learn, and the results of single photographs. */
public final class DemoRun implements SweepListener {

    private static final int WORDS = 5;

    private final DemoPictures pictures;
    private final String plan;
    private final Images shared;
    private final Listener listener;
    private final Progress progress;
    private final Map<SweepRun, RunResult> tested = new LinkedHashMap<>();
    private List<SweepRun> planned = List.of();
    private Task task;
    private String current = "";

    /** Shows the demo while it runs. */
    public interface Listener {

        /** Shows the accuracies of the hand-written prompts. */
        void prompts(ImageDataset photographs, Scores scores);

        /** Shows the accuracies with a number of shots, once all of its seeds are tested. */
        void learned(int shots, Scores scores);
    }

    /**
     * A demo that has not begun.
     *
     * @param plan the methods that learn; {@link #plan()} unless a test shortens it
     */
    public DemoRun(
            Clip clip, DemoPictures pictures, String plan, Path bankFolder, Listener listener, Progress progress) {
        this.pictures = pictures;
        this.plan = plan;
        this.shared = new Images(clip, new Run.Options(bankFolder, false, MemoryLimit.none()));
        this.listener = listener;
        this.progress = progress;
    }

    /** Returns the plan of the methods that learn. */
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
        Clip clip = shared.clip();
        sweep(Resource.text(DemoRun.class, "prompts.yaml"), folder);
        ImageDataset photographs = lists(PHOTOGRAPHS);
        listener.prompts(photographs, scores());
        sweep(plan, folder);
        Scores scores = scores();
        int most = scores.mostShots();
        ClassifierFile unified = classifier(folder, run(PHOTOGRAPHS, DemoMethod.UNIFIED.id(), most));
        Pictures test = shared.pictures(photographs.test(), "test photographs", progress);
        return new DemoResult(
                ShippedModel.NAME,
                clip.modelSha256(),
                clip.architecture().parameterCount(),
                photographs.classNames(),
                lists(CAREFUL).classNames(),
                photographs.train().size(),
                lists(DRAWINGS).test().size(),
                scores,
                NearestWords.of(clip, unified, WORDS, true).vectors().stream()
                        .map(ContextVector::nearest)
                        .toList(),
                pictures(folder, run(CAREFUL, scores.best(CAREFUL), 0), test),
                pictures(folder, run(PHOTOGRAPHS, DemoMethod.FEATURED.id(), most), test),
                (System.nanoTime() - start) / 1e9,
                clip.precision().id(),
                Machine.describe(clip.workers().count()));
    }

    private void sweep(String yaml, Path folder) throws IOException {
        SweepPlan read = SweepPlan.parse(yaml, pictures.folder());
        try (Task bar = progress.task("demo", 0, Unit.WORK)) {
            task = bar;
            for (RunState run : Sweep.of(shared, read).run(folder, this)) {
                if (run.failure().isPresent()) {
                    throw new IOException(
                            run.run().title() + ": " + run.failure().get());
                }
            }
        }
    }

    // The sweep on the screen

    @Override
    public void begins(List<RunState> runs) {
        planned = runs.stream().map(RunState::run).toList();
        runs.forEach(state -> state.result().ifPresent(result -> finished(state.run(), result)));
    }

    @Override
    public void started(SweepRun run) {
        current = run.learns() ? count(run.shots(), "shot") + ", seed " + run.seed() + ", " : "";
    }

    @Override
    public void progress(double done, double total, String doing) {
        task.detail(current + doing);
        if (total > 0) { // known from the first finished run on
            task.total((long) (1000 * total));
            task.advanceTo((long) (1000 * done));
        }
    }

    @Override
    public void finished(SweepRun run, RunResult result) {
        tested.put(run, result);
        List<SweepRun> same = planned.stream()
                .filter(other -> other.dataset().equals(PHOTOGRAPHS) && other.shots() == run.shots())
                .toList();
        if (run.learns() && same.contains(run) && tested.keySet().containsAll(same)) {
            listener.learned(run.shots(), scores());
        }
    }

    // Results

    private Scores scores() {
        List<Score> all = new ArrayList<>();
        tested.forEach((run, result) ->
                all.add(new Score(run.dataset(), run.label(), run.shots(), run.seed(), result.accuracy())));
        return new Scores(all);
    }

    /** Returns the run of the first seed. */
    private SweepRun run(String dataset, String label, int shots) {
        return first(run -> run.dataset().equals(dataset) && run.label().equals(label) && run.shots() == shots);
    }

    private SweepRun first(Predicate<SweepRun> some) {
        return tested.keySet().stream().filter(some).findFirst().orElseThrow();
    }

    private ImageDataset lists(String dataset) throws IOException {
        return first(run -> run.dataset().equals(dataset))
                .config()
                .testedOn()
                .source()
                .load(1);
    }

    private static ClassifierFile classifier(Path folder, SweepRun run) throws IOException {
        return ClassifierFile.read(folder.resolve(run.folder()).resolve(CLASSIFIER));
    }

    private List<PictureResult> pictures(Path folder, SweepRun run, Pictures images) throws IOException {
        try (Classifier classifier = classifier(folder, run).open(shared.clip())) {
            return PictureResults.of(images, images.scores(classifier)).all();
        }
    }
}
