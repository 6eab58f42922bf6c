package org.coop4j.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.method.train.Training;
import org.coop4j.run.Confidence;
import org.coop4j.run.PictureResults;
import org.coop4j.run.RunFolder;
import org.coop4j.study.html.FewShotChart;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;
import org.coop4j.study.report.EvaluationSections;

/**
 * The files of a demo: the page, the curve as a picture, and the numbers.
 *
 * @param result all numbers
 */
public record DemoReport(DemoResult result) {

    /** The page. */
    public static final String PAGE = "report.html";

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

    /** The numbers. */
    public static final String NUMBERS = "demo.json";

    /** The learning rate of the plan's contexts. */
    static final double RATE = 0.05;

    /** The words as which the plan's contexts begin. */
    private static final String WORDS = "a photo of a";

    /** Writes all files into a folder. */
    public void write(Path folder) throws IOException {
        try (RunFolder out = RunFolder.open(folder)) {
            out.write(NUMBERS, result);
        }
        AtomicFile.write(folder.resolve(CURVE_SVG), chart().file().getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(folder.resolve(PAGE), page().html().getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the accuracy over shots, the best hand-written prompt as a star. */
    public FewShotChart chart() {
        List<FewShotChart.Series> series = new ArrayList<>();
        for (DemoMethod method : DemoMethod.values()) {
            List<FewShotChart.Point> points = result.shots().stream()
                    .map(shots -> new FewShotChart.Point(shots, result.photographs(method, shots)))
                    .toList();
            series.add(FewShotChart.Series.curve(method.title(), series.size(), points));
        }
        DemoResult.Prompt best = result.bestPrompt();
        double careful = result.bestRenamedPrompt().photographs();
        series.add(FewShotChart.Series.star("zero-shot, " + quoted(best), series.size(), best.photographs()));
        series.add(FewShotChart.Series.star("zero-shot, careful names", series.size(), careful));
        return new FewShotChart(result.classNames().size() + " classes of Caltech101, " + result.model(), series);
    }

    // The page

    private HtmlPage page() {
        EvaluationSections sections = new EvaluationSections(result.classNames());
        PictureResults before = new PictureResults(result.before());
        PictureResults after = new PictureResults(result.after());
        return new HtmlPage(
                        "CoOp on " + result.classNames().size() + " classes of photographs",
                        "Context vectors learned from a few photographs per class, against hand-written prompts and"
                                + " other methods")
                .add(summary())
                .add(sections.changed(
                        before,
                        quoted(result.bestRenamedPrompt()) + " with careful names",
                        after,
                        "The learned prompt"))
                .add(curves())
                .add(perClass())
                .add(sections.confusion(after))
                .add(sections.leastCertain(after))
                .add(sections.calibration(
                        after, "Without val images to calibrate on, these are the model's own probabilities."))
                .add(sections.coverage(after.coverage(), Confidence.NONE))
                .add(otherDomain())
                .add(words())
                .add(method());
    }

    private Section summary() {
        return new Section("In short")
                .facts(facts())
                .paragraph(("CoOp leaves CLIP as it is, and learns the words in front of the class name as vectors."
                                + " Accuracies are on %d photographs that neither has seen; mean ± standard deviation"
                                + " over %d samples of training photographs.")
                        .formatted(result.testImages(), result.learned().count()))
                .paragraph("In pre-training, the model saw other photographs of %s, and none of the other %d classes."
                        .formatted(
                                Numbers.list(result.photographed()),
                                result.classNames().size()
                                        - result.photographed().size()));
    }

    /** Returns the accuracy of the featured method, and its gains over others. */
    public List<Fact> facts() {
        SeedSummary learned = result.learned();
        DemoResult.Prompt best = result.bestPrompt();
        Map<String, Double> others = new LinkedHashMap<>();
        others.put("the best hand-written prompt, " + quoted(best), best.photographs());
        others.put("the best with careful names", result.bestRenamedPrompt().photographs());
        others.put(
                "the linear probe",
                result.photographs(DemoMethod.LINEAR_PROBE, result.mostShots()).mean());
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(
                learned.meanSd(1) + " %", "prompts learned from " + result.mostShots() + " photographs per class"));
        others.forEach((name, accuracy) -> facts.add(new Fact(
                Numbers.signed(learned.mean() - accuracy, 1) + " points",
                "against " + name + " (" + Numbers.percent(accuracy) + ")")));
        return facts;
    }

    /** Returns the template of a prompt in quotation marks. */
    public static String quoted(DemoResult.Prompt prompt) {
        return "\"" + prompt.template() + "\"";
    }

    private static <T> Table<T> table(String name, String title) {
        return new Table<T>(name, title, "").decimals(1);
    }

    private static List<Integer> indices(List<?> list) {
        return IntStream.range(0, list.size()).boxed().toList();
    }

    private Section curves() {
        Table<DemoMethod> table = DemoReport.<DemoMethod>table("shots", "Accuracy on the test photographs, %")
                .words("method", DemoMethod::title);
        for (int shots : result.shots()) {
            table.numbers(Numbers.count(shots, "shot"), method -> Cell.mean(result.photographs(method, shots)));
        }
        List<String> careful = new ArrayList<>();
        for (int i : indices(result.classNames())) {
            if (!result.classNames().get(i).equals(result.betterNames().get(i))) {
                careful.add(result.betterNames().get(i) + " for "
                        + result.classNames().get(i));
            }
        }
        return new Section("Accuracy by shots")
                .charts(List.of(new Section.Chart(chart(), Map.of())))
                .table(table.rows(List.of(DemoMethod.values())))
                .table(prompts())
                .paragraph("The classes have the names of their folders in Caltech101, as a user's would. Careful names"
                        + " are " + String.join(", ", careful) + ".");
    }

    private Table<?> prompts() {
        List<DemoResult.Prompt> prompts = result.prompts();
        List<DemoResult.Prompt> careful = result.renamedPrompts();
        return DemoReport.<Integer>table("prompts", "Hand-written prompts, accuracy in %")
                .words("prompt", i -> quoted(prompts.get(i)))
                .numbers("photographs", i -> photographs(prompts.get(i), result.bestPrompt()))
                .numbers("drawings", i -> Cell.number(prompts.get(i).drawings()))
                .numbers("careful names: photographs", i -> photographs(careful.get(i), result.bestRenamedPrompt()))
                .numbers("drawings", i -> Cell.number(careful.get(i).drawings())
                        .best(careful.get(i).equals(result.bestDrawingPrompt())))
                .rows(indices(prompts));
    }

    private static Cell photographs(DemoResult.Prompt prompt, DemoResult.Prompt best) {
        return Cell.number(prompt.photographs()).best(prompt.equals(best));
    }

    private Section perClass() {
        return new Section("By class")
                .paragraph("The best hand-written prompt with careful names against the class-specific context of %d"
                                .formatted(result.mostShots())
                        + " shots, mean over the seeds.")
                .table(DemoReport.<DemoResult.ClassGain>table("classes", "Test photographs classified correctly, %")
                        .words("class", DemoResult.ClassGain::name)
                        .column("gain", Table.Kind.BARS, g -> Cell.points(gain(g)))
                        .numbers("hand-written", g -> Cell.number(100.0 * g.before() / g.images()))
                        .numbers("learned", g -> Cell.number(100 * g.after() / g.images()))
                        .numbers("photographs", g -> Cell.count(g.images()))
                        .rows(result.perClass().stream()
                                .sorted(Comparator.comparingDouble(DemoReport::gain)
                                        .reversed())
                                .toList()));
    }

    private static double gain(DemoResult.ClassGain g) {
        return 100 * (g.after() - g.before()) / g.images();
    }

    private Section otherDomain() {
        DemoResult.Prompt best = result.bestDrawingPrompt();
        return new Section("Another domain")
                .paragraph(
                        ("The classifiers learned on %d photographs per class are tested on emoji and clip art of the"
                            + " same classes. The drawings are few: differences of some points mean little.")
                                .formatted(result.mostShots()))
                .paragraph("The best hand-written prompt for them, %s with careful names, has %s."
                        .formatted(quoted(best), Numbers.percent(best.drawings())))
                .table(DemoReport.<DemoMethod>table(
                                "drawings", "Accuracy on " + result.drawingImages() + " drawings, %")
                        .words("method, learned on photographs", DemoMethod::title)
                        .numbers("accuracy", method -> Cell.mean(result.drawings(method)))
                        .rows(List.of(DemoMethod.values())));
    }

    private Section words() {
        return new Section("Nearest words of the vectors")
                .paragraph("The words whose embeddings are nearest to the vectors of the unified context, which began"
                        + " as \"" + WORDS + "\". Vectors need not mean words, and the nearest word is often not near.")
                .table(DemoReport.<Integer>table("words", "Nearest words, with Euclidean distance")
                        .words("vector", i -> String.valueOf(i + 1))
                        .words("words", i -> result.words().get(i).stream()
                                .map(w -> w.word() + " " + Numbers.number(w.distance(), 2))
                                .collect(Collectors.joining(", ")))
                        .rows(indices(result.words())));
    }

    private Section method() {
        return new Section("How this was made")
                .code("coop demo")
                .list(List.of(
                        ("Model: %s, %s parameters, SHA-256 %.12s…; trained on photographs, emoji and clip art, never"
                                        + " on these pictures.")
                                .formatted(result.model(), Numbers.count(result.parameters()), result.modelSha256()),
                        ("Pictures: %d photographs of Caltech101 (CC BY 4.0), %d emoji of Twemoji (CC BY 4.0) and"
                                        + " drawings of Open Clip Art (public domain).")
                                .formatted(result.trainImages() + result.testImages(), result.drawingImages()),
                        ("CoOp: 4 context vectors that begin as \"%s\", SGD, batches of 32, learning rate %s with a"
                            + " cosine; the reference's %s is for a logit scale of 100, and this model's is 20.")
                                .formatted(WORDS, RATE, Training.coop(1, 1).rate()),
                        "GDA: Gaussians of the classes with one covariance beside the hand-written prompt (Wang et al.,"
                                + " ICLR 2024).",
                        "Linear probe: logistic regression on the same features, its penalty chosen by"
                                + " cross-validation.",
                        String.format(
                                Locale.ROOT, "Everything took %.0f seconds: %s.", result.seconds(), result.machine())));
    }
}
