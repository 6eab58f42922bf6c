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
import org.coop4j.study.report.ProofSections;

/**
 * What the demo leaves behind: the page, the curve as a picture, and the numbers.
 *
 * @param result what was measured
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

    /** Accuracy over shots, the best hand-written prompt as a star. */
    public FewShotChart chart() {
        List<FewShotChart.Series> series = new ArrayList<>();
        for (DemoMethod method : DemoMethod.values()) {
            List<FewShotChart.Point> points = new ArrayList<>();
            for (int shots : result.shots()) {
                points.add(new FewShotChart.Point(shots, result.photographs(method, shots)));
            }
            series.add(FewShotChart.Series.curve(method.title(), series.size(), points));
        }
        DemoResult.Prompt best = result.bestPrompt();
        series.add(
                FewShotChart.Series.star("zero-shot, \"" + best.template() + "\"", series.size(), best.photographs()));
        series.add(FewShotChart.Series.star(
                "zero-shot, careful names",
                series.size(),
                result.bestRenamedPrompt().photographs()));
        return new FewShotChart(
                result.classNames().size() + " classes of Caltech101, " + result.model(), series);
    }

    // The page

    private HtmlPage page() {
        ProofSections sections = new ProofSections(result.classNames());
        PictureResults before = new PictureResults(result.before());
        PictureResults after = new PictureResults(result.after());
        return new HtmlPage(
                        "CoOp on " + result.classNames().size() + " classes of photographs",
                        "Context vectors learned from a few photographs a class, beside"
                                + " hand-written prompts and other methods, with a small CLIP that"
                                + " never saw these photographs")
                .add(summary())
                .add(sections.changed(before, handWritten(), after, "the learned prompt"))
                .add(curves())
                .add(perClass())
                .add(sections.confusion(after))
                .add(sections.leastCertain(after))
                .add(sections.calibration(
                        after,
                        "There are no val images here to calibrate on: the probabilities are the model's own."))
                .add(sections.coverage(after.coverage(), Confidence.NONE))
                .add(otherDomain())
                .add(words())
                .add(method());
    }

    private Section summary() {
        int most = result.mostShots();
        SeedSummary learned = result.photographs(DemoMethod.FEATURED, most);
        DemoResult.Prompt best = result.bestPrompt();
        return new Section("In short")
                .facts(List.of(
                        new Fact(learned.meanSd(1) + " %", "prompts learned from " + most + " photographs a class"),
                        gainOver(
                                learned,
                                best.photographs(),
                                "the best hand-written prompt, \"" + best.template() + "\""),
                        gainOver(
                                learned,
                                result.bestRenamedPrompt().photographs(),
                                "it with carefully written class names"),
                        gainOver(
                                learned,
                                result.photographs(DemoMethod.LINEAR_PROBE, most).mean(),
                                "a linear probe on the same photographs")))
                .paragraph("CLIP classifies an image by comparing it with prompts, one a class. CoOp"
                        + " leaves CLIP as it is and learns the words in front of the class"
                        + " name, as vectors, from a few labelled images. Accuracies are on "
                        + result.testImages()
                        + " photographs that neither CLIP nor the learned prompt has seen;"
                        + " mean ± standard deviation over "
                        + result.seeds().size()
                        + " draws of the training photographs.")
                .paragraph("Of "
                        + String.join(", ", result.photographed())
                        + " the model saw other photographs in its pre-training; of the"
                        + " other "
                        + (result.classNames().size() - result.photographed().size())
                        + " classes it saw none.");
    }

    private static Fact gainOver(SeedSummary learned, double baseline, String what) {
        return new Fact(
                Numbers.signed(learned.mean() - baseline, 1) + " points",
                "against " + what + " (" + Numbers.percent(baseline) + ")");
    }

    private static <T> Table<T> table(String name, String title) {
        return new Table<T>(name, title, "").decimals(1);
    }

    private Section curves() {
        Table<DemoMethod> table = DemoReport.<DemoMethod>table("shots", "Accuracy on the test photographs, %")
                .words("method", DemoMethod::title);
        for (int shots : result.shots()) {
            table.numbers(Numbers.count(shots, "shot"), method -> Cell.mean(result.photographs(method, shots)));
        }
        table.rows(List.of(DemoMethod.values()));
        return new Section("Accuracy over shots")
                .charts(List.of(new Section.Chart(chart(), Map.of())))
                .table(table)
                .table(prompts())
                .paragraph("The classes are called as their folders in Caltech101 are, as the"
                        + " folders of a user would be. Careful names are "
                        + betterNames()
                        + ".");
    }

    private Table<?> prompts() {
        Table<Integer> table = DemoReport.<Integer>table("prompts", "Hand-written prompts, accuracy in %")
                .words("prompt", i -> "\"" + result.prompts().get(i).template() + "\"")
                .numbers("photographs", i -> photographs(result.prompts().get(i), result.bestPrompt()))
                .numbers("drawings", i -> Cell.number(result.prompts().get(i).drawings()))
                .numbers(
                        "careful names: photographs",
                        i -> photographs(result.renamedPrompts().get(i), result.bestRenamedPrompt()))
                .numbers("drawings", i -> {
                    DemoResult.Prompt prompt = result.renamedPrompts().get(i);
                    return Cell.number(prompt.drawings()).best(prompt.equals(result.bestDrawingPrompt()));
                });
        for (int i = 0; i < result.prompts().size(); i++) {
            table.row(i);
        }
        return table;
    }

    private static Cell photographs(DemoResult.Prompt prompt, DemoResult.Prompt best) {
        return Cell.number(prompt.photographs()).best(prompt.equals(best));
    }

    /** Such as "airplane for airplanes, car for car_side". */
    private String betterNames() {
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < result.classNames().size(); i++) {
            String own = result.classNames().get(i);
            String better = result.betterNames().get(i);
            if (!own.equals(better)) {
                pairs.add(better + " for " + own);
            }
        }
        return String.join(", ", pairs);
    }

    private String handWritten() {
        return "\"" + result.bestRenamedPrompt().template() + "\" with careful names";
    }

    private Section perClass() {
        Table<DemoResult.ClassGain> table = DemoReport.<DemoResult.ClassGain>table(
                        "classes", "Test photographs classified rightly, %")
                .words("class", DemoResult.ClassGain::name)
                .column("gain", Table.Kind.BARS, g -> Cell.points(gain(g)))
                .numbers("hand-written", g -> Cell.number(100.0 * g.before() / g.images()))
                .numbers("learned", g -> Cell.number(100 * g.after() / g.images()))
                .numbers("photographs", g -> Cell.count(g.images()))
                .rows(result.perClass().stream()
                        .sorted(Comparator.comparingDouble(DemoReport::gain).reversed())
                        .toList());
        return new Section("Class by class")
                .paragraph("The best hand-written prompt with careful names against the class-specific"
                        + " context of "
                        + result.mostShots()
                        + " shots, mean over the seeds.")
                .table(table);
    }

    private static double gain(DemoResult.ClassGain g) {
        return 100 * (g.after() - g.before()) / g.images();
    }

    private Section otherDomain() {
        int most = result.mostShots();
        Map<String, Cell> accuracies = new LinkedHashMap<>();
        accuracies.put(
                "best hand-written prompt there, \""
                        + result.bestDrawingPrompt().template() + "\", careful names",
                Cell.number(result.bestDrawingPrompt().drawings()));
        for (DemoMethod method : DemoMethod.values()) {
            accuracies.put(method.title() + ", learned on photographs", Cell.mean(result.drawings(method, most)));
        }
        Table<Map.Entry<String, Cell>> table = DemoReport.<Map.Entry<String, Cell>>table(
                        "drawings", "Accuracy on " + result.drawingImages() + " drawings, %")
                .words("method", Map.Entry::getKey)
                .numbers("accuracy", Map.Entry::getValue)
                .rows(accuracies.entrySet());
        return new Section("Another domain")
                .paragraph("Nothing was learned from drawings: what was learned on "
                        + most
                        + " photographs a class, tested on emoji and clip art of the same"
                        + " classes that the model has never seen. The hand-written prompt"
                        + " is the best of all for the drawings themselves. They are few:"
                        + " read differences of some points as none.")
                .table(table);
    }

    private Section words() {
        Table<Integer> table = DemoReport.<Integer>table("words", "Nearest words, with Euclidean distance")
                .words("vector", i -> String.valueOf(i + 1))
                .words("words", i -> result.words().get(i).stream()
                        .map(w -> w.word() + " " + Numbers.number(w.distance(), 2))
                        .collect(Collectors.joining(", ")));
        for (int i = 0; i < result.words().size(); i++) {
            table.row(i);
        }
        return new Section("What the vectors resemble")
                .paragraph("The words whose embeddings are nearest to the vectors of the unified"
                        + " context, which began as \""
                        + WORDS
                        + "\". Read little into it: vectors need not mean words, and what"
                        + " is nearest is often not near.")
                .table(table);
    }

    private Section method() {
        return new Section("How this was made")
                .code("coop demo")
                .list(List.of(
                        String.format(
                                Locale.ROOT,
                                "Model: %s, %,d numbers, SHA-256 %.12s…; trained on"
                                        + " photographs, emoji and clip art, never on"
                                        + " these pictures.",
                                result.model(),
                                result.parameters(),
                                result.modelSha256()),
                        "Pictures: "
                                + (result.trainImages() + result.testImages())
                                + " photographs of Caltech101 (CC BY 4.0), "
                                + result.drawingImages()
                                + " emoji of Twemoji (CC BY 4.0) and drawings of Open Clip"
                                + " Art (public domain).",
                        "CoOp: 4 context vectors before the class name that begin as \""
                                + WORDS
                                + "\", SGD, batches of 32, learning rate "
                                + RATE
                                + " with a cosine, no augmentation. (The reference's "
                                + Training.coop(1, 1).rate()
                                + " is for a logit scale of 100; that of this model is"
                                + " 20.)",
                        "GDA: Gaussians of the classes with one covariance beside the"
                                + " hand-written prompt (Wang et al., ICLR 2024).",
                        "Linear probe: logistic regression on the same features and"
                                + " photographs, its penalty chosen by cross-validation.",
                        String.format(
                                Locale.ROOT, "All of it took %.0f seconds: %s.", result.seconds(), result.machine())));
    }
}
