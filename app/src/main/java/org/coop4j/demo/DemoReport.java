package org.coop4j.demo;

import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.console.Table.Kind.BARS;
import static org.coop4j.demo.DemoResult.CAREFUL;
import static org.coop4j.demo.DemoResult.CAREFUL_DRAWINGS;
import static org.coop4j.demo.DemoResult.DRAWINGS;
import static org.coop4j.demo.DemoResult.PHOTOGRAPHS;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.demo.DemoResult.ClassGain;
import org.coop4j.demo.DemoResult.Scores;
import org.coop4j.eval.SeedSummary;
import org.coop4j.method.Gda;
import org.coop4j.method.LinearProbe;
import org.coop4j.run.Confidence;
import org.coop4j.run.PictureResults;
import org.coop4j.run.RunFolder;
import org.coop4j.study.Shots;
import org.coop4j.study.html.FewShotChart;
import org.coop4j.study.html.FewShotChart.Point;
import org.coop4j.study.html.FewShotChart.Series;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Chart;
import org.coop4j.study.html.Section.Fact;
import org.coop4j.study.report.EvaluationSections;

/**
 * The files of a demo: the page, the curve as a picture, and the numbers.
 *
 * @param result all numbers
 * @param scores its accuracies
 */
public record DemoReport(DemoResult result, Scores scores) {

    /** The page. */
    public static final String PAGE = "report.html";

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

    /** The numbers. */
    public static final String NUMBERS = "demo.json";

    /** The words as which the plan's contexts begin. */
    private static final String WORDS = "a photo of a";

    /** The report of a finished demo. */
    public DemoReport(DemoResult result) {
        this(result, result.scores());
    }

    /** Writes all files into a folder. */
    public void write(Path folder) throws IOException {
        try (RunFolder out = RunFolder.open(folder)) {
            out.write(NUMBERS, result);
        }
        AtomicFile.write(folder.resolve(CURVE_SVG), chart().file());
        AtomicFile.write(folder.resolve(PAGE), page().html());
    }

    /** Returns accuracy over shots, the best hand-written prompts as stars. */
    public FewShotChart chart() {
        List<Series> series = new ArrayList<>();
        for (DemoMethod method : DemoMethod.values()) {
            List<Point> points = scores.shots().stream()
                    .map(shots -> new Point(new Shots(shots), accuracy(method, shots)))
                    .toList();
            series.add(Series.curve(method.title(), series.size(), points));
        }
        String prompt = quoted(scores.best(PHOTOGRAPHS));
        series.add(Series.star("zero-shot, " + prompt, series.size(), best(PHOTOGRAPHS)));
        series.add(Series.star("zero-shot, careful names", series.size(), best(CAREFUL)));
        return new FewShotChart(result.classNames().size() + " classes of Caltech101, " + result.model(), series);
    }

    private SeedSummary accuracy(DemoMethod method, int shots) {
        return scores.accuracy(PHOTOGRAPHS, method.id(), shots);
    }

    /** Returns accuracy of the best hand-written prompt. */
    private double best(String dataset) {
        return scores.accuracy(dataset, scores.best(dataset));
    }

    // The page

    private HtmlPage page() {
        EvaluationSections sections = new EvaluationSections(result.classNames(), new PictureResults(result.after()));
        return new HtmlPage(
                        "CoOp on " + result.classNames().size() + " classes of photographs",
                        "Context vectors learned from a few photographs per class, compared with other methods")
                .add(summary())
                .add(sections.changed(
                        new PictureResults(result.before()),
                        quoted(scores.best(CAREFUL)) + " with careful names",
                        "The learned prompt"))
                .add(curves())
                .add(perClass())
                .add(sections.confusion())
                .add(sections.leastCertain())
                .add(sections.calibration("They are not calibrated, as there are no val images."))
                .add(sections.coverage(Confidence.NONE))
                .add(otherDomain())
                .add(words())
                .add(method());
    }

    private Section summary() {
        return new Section("In short")
                .facts(facts())
                .paragraph(
                        ("CoOp leaves CLIP unchanged and learns the words before the class name as vectors. Accuracies"
                                        + " are on %d other photographs: mean ± standard deviation over %d samples.")
                                .formatted(result.before().size(), learned().count()));
    }

    private SeedSummary learned() {
        return scores.learned(PHOTOGRAPHS, DemoMethod.FEATURED);
    }

    /** Returns the accuracy of the featured method, and its gains over others. */
    public List<Fact> facts() {
        double own = learned().mean();
        SeedSummary probe = scores.learned(PHOTOGRAPHS, DemoMethod.LINEAR_PROBE);
        return List.of(
                new Fact(
                        learned().meanSd(1) + " %",
                        "prompts learned from " + scores.mostShots() + " photographs per class"),
                Fact.gain(own, "the best hand-written prompt, " + quoted(scores.best(PHOTOGRAPHS)), best(PHOTOGRAPHS)),
                Fact.gain(own, "the best with careful names", best(CAREFUL)),
                Fact.gain(own, "the linear probe", probe.mean()));
    }

    /** Returns a prompt in quotation marks. */
    public static String quoted(String prompt) {
        return "\"" + prompt + "\"";
    }

    private static Stream<Integer> indices(List<?> list) {
        return IntStream.range(0, list.size()).boxed();
    }

    private static Table<DemoMethod> methods(String title) {
        return new Table<DemoMethod>(title).words("method", DemoMethod::title);
    }

    private Section curves() {
        Table<DemoMethod> table = methods("Accuracy on the test photographs, %");
        for (int shots : scores.shots()) {
            table.numbers(count(shots, "shot"), method -> accuracy(method, shots));
        }
        List<String> names = result.classNames();
        List<String> careful = result.betterNames();
        return new Section("Accuracy by shots")
                .charts(List.of(new Chart(chart(), Map.of())))
                .table(table.rows(List.of(DemoMethod.values())))
                .table(prompts())
                .paragraph(indices(names)
                        .filter(i -> !names.get(i).equals(careful.get(i)))
                        .map(i -> careful.get(i) + " for " + names.get(i))
                        .collect(joining(
                                ", ", "Classes are named after their folders in Caltech101. Careful names are ", ".")));
    }

    private Table<?> prompts() {
        Table<String> table =
                new Table<String>("Hand-written prompts, accuracy in %").words("prompt", DemoReport::quoted);
        for (String dataset : List.of(PHOTOGRAPHS, CAREFUL, DRAWINGS, CAREFUL_DRAWINGS)) {
            table.numbers(dataset, prompt -> Cell.number(scores.accuracy(dataset, prompt))
                    .best(prompt.equals(scores.best(dataset))));
        }
        return table.rows(scores.prompts());
    }

    private Section perClass() {
        return new Section("By class")
                .paragraph(
                        "The best hand-written prompt with careful names, and the class-specific context of %d shots (mean over seeds)."
                                .formatted(scores.mostShots()))
                .table(new Table<ClassGain>("Test photographs classified correctly, %")
                        .words("class", ClassGain::name)
                        .column("gain", BARS, ClassGain::gain)
                        .numbers("hand-written", ClassGain::before)
                        .numbers("learned", ClassGain::after)
                        .numbers("photographs", ClassGain::images)
                        .rows(result.perClass().stream()
                                .sorted(comparingDouble(one -> -one.gain()))
                                .toList()));
    }

    private Section otherDomain() {
        return new Section("Another domain")
                .paragraph(
                        ("The classifiers of %d shots are tested on emoji and clip art of the same classes. On so few"
                                        + " drawings, differences of a few points mean little.")
                                .formatted(scores.mostShots()))
                .paragraph("The best hand-written prompt there, %s with careful names, has %s."
                        .formatted(quoted(scores.best(CAREFUL_DRAWINGS)), percent(best(CAREFUL_DRAWINGS))))
                .table(methods("Accuracy on " + result.drawingImages() + " drawings, %")
                        .numbers("learned on photographs", method -> scores.learned(DRAWINGS, method))
                        .rows(List.of(DemoMethod.values())));
    }

    private Section words() {
        return new Section("Nearest words of the vectors")
                .paragraph("The words nearest to the vectors of the unified context, which began as \"" + WORDS
                        + "\". Vectors need not mean words.")
                .table(new Table<Integer>("Nearest words, with Euclidean distance")
                        .words("vector", i -> String.valueOf(i + 1))
                        .words("words", i -> result.words().get(i).stream()
                                .map(w -> w.text() + " " + number(w.distance(), 2))
                                .collect(joining(", ")))
                        .rows(indices(result.words()).toList()));
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
                        ("CoOp: 4 context vectors that begin as \"%s\", SGD, batches of 32, the reference's learning"
                                        + " rate adapted to the model's logit scale.")
                                .formatted(WORDS),
                        "GDA: " + new Gda().summary() + ".",
                        "Linear probe: " + new LinearProbe().summary() + ".",
                        "Everything took %s seconds: %s.".formatted(number(result.seconds(), 0), result.machine())));
    }
}
