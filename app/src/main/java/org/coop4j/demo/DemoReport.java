package org.coop4j.demo;

import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.demo.DemoResult.CAREFUL;
import static org.coop4j.demo.DemoResult.PHOTOGRAPHS;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Progress;
import org.coop4j.console.SeedSummary;
import org.coop4j.demo.DemoResult.Scores;
import org.coop4j.findings.PictureResults;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.Section;
import org.coop4j.page.Section.Fact;
import org.coop4j.report.EvaluationSections;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.Study;
import org.coop4j.study.StudyReport;

/**
 * The files of a demo: the page and the curve of a study of its runs, with the pictures that changed, and the numbers.
 */
public record DemoReport(DemoResult result) {

    /** The page. */
    public static final String PAGE = StudyReport.PAGE;

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

    /** The numbers. */
    public static final String NUMBERS = "demo.json";

    /** Limit of the size of the numbers in bytes. */
    private static final long LARGEST = 32L << 20;

    /** Reads the report of a finished demo. */
    public static DemoReport read(Path folder) throws IOException {
        Path file = folder.resolve(NUMBERS);
        return new DemoReport(CheckedJson.read(file, file.toString(), DemoResult.class, LARGEST));
    }

    /** Writes all files into the folder that holds the runs. */
    public void write(Path folder) throws IOException {
        CheckedJson.write(folder.resolve(NUMBERS), result);
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
        Section changed = new EvaluationSections(result.classNames(), new PictureResults(result.after()))
                .changed(
                        new PictureResults(result.before()),
                        quoted(result.scores().best(CAREFUL)) + " with careful names",
                        "The learned prompt");
        AtomicFile.write(
                folder.resolve(PAGE),
                report.addTo(page, List.of(summary(), changed, method())).html());
    }

    /** Returns the accuracy of the featured method, and its gains over others. */
    public List<Fact> facts() {
        Scores scores = result.scores();
        SeedSummary learned = scores.learned(PHOTOGRAPHS, DemoMethod.FEATURED);
        double own = learned.mean();
        return List.of(
                new Fact(
                        learned.meanSd(1) + " %",
                        "prompts learned from " + scores.mostShots() + " photographs per class"),
                Fact.gain(
                        own,
                        "the best hand-written prompt, " + quoted(scores.best(PHOTOGRAPHS)),
                        scores.ofBest(PHOTOGRAPHS)),
                Fact.gain(own, "the best with careful names", scores.ofBest(CAREFUL)),
                Fact.gain(
                        own,
                        "the linear probe",
                        scores.learned(PHOTOGRAPHS, DemoMethod.LINEAR_PROBE).mean()));
    }

    /** Returns a prompt in quotation marks. */
    public static String quoted(String prompt) {
        return "\"" + prompt + "\"";
    }

    private Section summary() {
        List<String> names = result.classNames();
        List<String> careful = result.betterNames();
        return new Section("What was learned")
                .paragraph("CoOp leaves CLIP unchanged and learns the words before the class name as vectors: a unified"
                        + " context for all classes, or a class-specific one for each.")
                .paragraph(IntStream.range(0, names.size())
                        .filter(i -> !names.get(i).equals(careful.get(i)))
                        .mapToObj(i -> careful.get(i) + " for " + names.get(i))
                        .collect(joining(
                                ", ",
                                "Classes are named after their folders in Caltech101. Careful names are ",
                                ". With these, the best hand-written prompt has %s."
                                        .formatted(percent(result.scores().ofBest(CAREFUL))))));
    }

    private Section method() {
        return new Section("How coop demo made this")
                .list(List.of(
                        ("Model: %s, %s parameters, SHA-256 %.12s…; trained on photographs, emoji and clip art, never"
                                        + " on these pictures.")
                                .formatted(result.model(), count(result.parameters()), result.modelSha256()),
                        ("Pictures: %d photographs of Caltech101 (CC BY 4.0), %d emoji of Twemoji (CC BY 4.0) and"
                                        + " drawings of Open Clip Art (public domain).")
                                .formatted(
                                        result.trainImages() + result.before().size(), result.drawingImages()),
                        "Everything took %s seconds: %s, %s."
                                .formatted(number(result.seconds(), 0), result.machine(), result.precision())));
    }
}
