package org.coop4j.demo;

import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.demo.DemoResult.CAREFUL;
import static org.coop4j.demo.DemoResult.DRAWINGS;
import static org.coop4j.demo.DemoResult.FEATURED;
import static org.coop4j.demo.DemoResult.PHOTOGRAPHS;
import static org.coop4j.run.RunFolder.CLASSIFIER;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CheckedJson;
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
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.Section;
import org.coop4j.report.EvaluationSections;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Run;
import org.coop4j.run.RunResult;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.Study;
import org.coop4j.study.StudyReport;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.SweepPlan;
import org.coop4j.study.SweepRun;
import org.coop4j.study.SweepRun.RunState;

/** Runs the demo, a sweep of hand-written prompts and one of methods that learn, and writes its page. */
public final class DemoRun implements SweepListener {

    /** The page, in the demo's folder. */
    public static final String PAGE = StudyReport.PAGE;

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

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
     * Runs everything that has no result yet, and writes page, curve and numbers.
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
        DemoResult result = new DemoResult(
                ShippedModel.NAME,
                clip.modelSha256(),
                clip.architecture().parameterCount(),
                photographs.classNames(),
                lists(CAREFUL).classNames(),
                photographs.train().size(),
                photographs.test().size(),
                lists(DRAWINGS).test().size(),
                scores,
                (System.nanoTime() - start) / 1e9,
                clip.precision().id(),
                Machine.describe(clip.workers().count()));
        Pictures test = shared.pictures(photographs.test(), "test photographs", progress);
        Section changed = new EvaluationSections(
                        result.classNames(), results(folder, run(PHOTOGRAPHS, FEATURED, scores.mostShots()), test))
                .changed(
                        results(folder, run(CAREFUL, scores.best(CAREFUL), 0), test),
                        "\"%s\" with careful names".formatted(scores.best(CAREFUL)),
                        "The learned prompt");
        write(folder, result, changed);
        return result;
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

    private PictureResults results(Path folder, SweepRun run, Pictures images) throws IOException {
        ClassifierFile file = ClassifierFile.read(folder.resolve(run.folder()).resolve(CLASSIFIER));
        try (Classifier classifier = file.open(shared.clip())) {
            return PictureResults.of(images, images.scores(classifier));
        }
    }

    private static void write(Path folder, DemoResult result, Section changed) throws IOException {
        FoundRuns runs = FoundRuns.below(folder, Progress.NONE);
        // Runs that learned have also tested the hand-written prompts.
        runs.finished().removeIf(run -> run.result().trainImages() == 0);
        StudyReport report = new StudyReport(runs, Study.of(runs));
        AtomicFile.write(
                folder.resolve(CURVE_SVG),
                report.chart(report.studies().get(0), PHOTOGRAPHS).orElseThrow().file());
        HtmlPage page = new HtmlPage(
                "CoOp on " + result.classNames().size() + " classes of photographs",
                "Context vectors learned from a few photographs per class, compared with other methods");
        AtomicFile.write(
                folder.resolve(PAGE),
                report.addTo(page, List.of(summary(result), changed, made(result)))
                        .html());
        CheckedJson.write(folder.resolve(DemoResult.FILE), result);
    }

    private static Section summary(DemoResult result) {
        List<String> names = result.classNames();
        List<String> careful = result.betterNames();
        return new Section("In short")
                .facts(result.facts())
                .paragraph("CoOp leaves CLIP unchanged and learns the words before the class name as vectors: a unified"
                        + " context for all classes, or a class-specific one for each.")
                .paragraph(IntStream.range(0, names.size())
                        .filter(i -> !names.get(i).equals(careful.get(i)))
                        .mapToObj(i -> careful.get(i) + " for " + names.get(i))
                        .collect(joining(
                                ", ", "Classes are named after their folders in Caltech101. Careful names are ", ".")));
    }

    private static Section made(DemoResult result) {
        return new Section("How coop demo made this")
                .list(List.of(
                        ("Model: %s, %s parameters, SHA-256 %.12s…; trained on photographs, emoji and clip art, never"
                                        + " on these pictures.")
                                .formatted(result.model(), count(result.parameters()), result.modelSha256()),
                        ("Pictures: %d photographs of Caltech101 (CC BY 4.0), %d emoji of Twemoji (CC BY 4.0) and"
                                        + " drawings of Open Clip Art (public domain).")
                                .formatted(result.trainImages() + result.testImages(), result.drawingImages()),
                        "Everything took %s seconds: %s, %s."
                                .formatted(number(result.seconds(), 0), result.machine(), result.precision())));
    }
}
