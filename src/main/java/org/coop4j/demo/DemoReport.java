package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.chart.ChartFiles;
import org.coop4j.report.chart.FewShotChart;
import org.coop4j.report.html.HtmlPage;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.Picture;
import org.coop4j.report.html.Section;
import org.coop4j.run.RunFolder;

/**
 * What the demo leaves behind: the page, the curve as pictures, and the numbers.
 *
 * @param result what was measured
 */
public record DemoReport(DemoResult result) {

    /** The page. */
    public static final String PAGE = "report.html";

    /** The curve as PNG. */
    public static final String CURVE_PNG = "curve.png";

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

    /** The numbers. */
    public static final String NUMBERS = "demo.json";

    /** Writes all files into a folder. */
    public void write(Path folder) throws IOException {
        try (RunFolder out = RunFolder.open(folder)) {
            out.write(NUMBERS, result);
        }
        ChartFiles.writePng(folder.resolve(CURVE_PNG), chart());
        ChartFiles.writeSvg(folder.resolve(CURVE_SVG), chart());
        page().write(folder.resolve(PAGE));
    }

    /** Accuracy over shots, the best hand-written prompt as a star. */
    public FewShotChart chart() {
        List<FewShotChart.Curve> curves = new ArrayList<>();
        int series = 0;
        for (DemoContext context : DemoContext.values()) {
            curves.add(curve(context.title(), context.id(), series++));
        }
        curves.add(curve("linear probe", DemoResult.PROBE, series++));
        DemoResult.Prompt best = result.bestPrompt();
        return new FewShotChart(
                result.classNames().size() + " kinds of drawings, " + result.model(),
                "accuracy (%)",
                curves,
                List.of(
                        FewShotChart.Star.measured(
                                "zero-shot, \"" + best.template() + "\"", series, best.drawings()),
                        FewShotChart.Star.measured(
                                "zero-shot, better class names",
                                series + 1,
                                result.bestRenamedPrompt().drawings())));
    }

    private FewShotChart.Curve curve(String title, String method, int series) {
        List<FewShotChart.Point> points = new ArrayList<>();
        for (int shots : result.shots()) {
            SeedSummary summary = result.drawings(method, shots);
            points.add(new FewShotChart.Point(shots, summary.mean(), sd(summary), summary.count()));
        }
        return FewShotChart.Curve.measured(title, series, points);
    }

    private static double sd(SeedSummary summary) {
        return summary.count() > 1 ? summary.sampleSd() : 0;
    }

    private HtmlPage page() throws IOException {
        return new HtmlPage(
                        "CoOp on " + result.classNames().size() + " kinds of drawings",
                        "Context vectors learned from a few drawings a class, beside hand-written"
                                + " prompts and a linear probe, with a small CLIP that never saw"
                                + " these drawings")
                .add(summary())
                .add(curves())
                .add(mended())
                .add(perClass())
                .add(confusion())
                .add(otherDomain())
                .add(words())
                .add(method());
    }

    private Section summary() {
        int most = result.mostShots();
        SeedSummary learned = result.drawings(DemoContext.FEATURED.id(), most);
        DemoResult.Prompt best = result.bestPrompt();
        return new Section("In short")
                .facts(
                        new Section.Fact(
                                percent(best.drawings()),
                                "best hand-written prompt, \"" + best.template() + "\""),
                        new Section.Fact(
                                percent(learned),
                                "prompts learned from " + most + " drawings a class"),
                        new Section.Fact(
                                signed(learned.mean() - best.drawings()) + " points", "gain"),
                        new Section.Fact(
                                percent(result.bestRenamedPrompt().drawings()),
                                "best hand-written prompt with class names rewritten by hand"))
                .paragraph(
                        "CLIP classifies an image by comparing it with prompts, one a class. CoOp"
                            + " leaves CLIP as it is and learns the words in front of the class"
                            + " name, as vectors, from a few labelled images. Accuracies are on "
                                + result.testImages()
                                + " drawings that neither CLIP nor the learned prompt has seen;"
                                + " mean ± standard deviation over "
                                + result.seeds().size()
                                + " draws of the training drawings.");
    }

    private Section curves() {
        HtmlTable table = new HtmlTable("Accuracy on the test drawings, %").words("method");
        for (int shots : result.shots()) {
            table.numbers(shots + (shots == 1 ? " shot" : " shots"));
        }
        for (DemoContext context : DemoContext.values()) {
            table.row(curveRow(context.title(), context.id()));
        }
        table.row(curveRow("linear probe", DemoResult.PROBE));
        HtmlTable prompts =
                new HtmlTable("Hand-written prompts, accuracy in %")
                        .words("prompt")
                        .numbers("drawings", "emoji", "better names: drawings", "emoji");
        for (int i = 0; i < result.prompts().size(); i++) {
            DemoResult.Prompt prompt = result.prompts().get(i);
            DemoResult.Prompt renamed = result.renamedPrompts().get(i);
            prompts.row(
                    List.of(
                            Cell.of("\"" + prompt.template() + "\""),
                            Cell.of(
                                    number(prompt.drawings()),
                                    kind(prompt.equals(result.bestPrompt()))),
                            Cell.of(
                                    number(prompt.emoji()),
                                    kind(prompt.equals(result.bestEmojiPrompt()))),
                            Cell.of(number(renamed.drawings())),
                            Cell.of(number(renamed.emoji()))));
        }
        return new Section("Accuracy over shots")
                .chart(
                        chart(),
                        "Accuracy over the number of training drawings a class; bars are one"
                                + " standard deviation.")
                .table(table)
                .table(prompts)
                .paragraph(
                        "The classes are called as their folders in Open Clip Art are, as the"
                                + " folders of a user would be. Better names are "
                                + betterNames()
                                + ".");
    }

    /** Such as "bird for birds, insect for bugs". */
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

    private List<Cell> curveRow(String title, String method) {
        List<Cell> cells = new ArrayList<>(List.of(Cell.of(title)));
        for (int shots : result.shots()) {
            cells.add(Cell.of(plusMinus(result.drawings(method, shots))));
        }
        return cells;
    }

    private static HtmlTable.Kind kind(boolean best) {
        return best ? HtmlTable.Kind.BEST : HtmlTable.Kind.PLAIN;
    }

    private Section mended() throws IOException {
        Section section = new Section("From wrong to right");
        if (result.mended().isEmpty()) {
            return section.paragraph("No drawing changed from wrong to right with every seed.");
        }
        List<Picture> pictures = new ArrayList<>();
        for (DemoResult.Mended mended : result.mended()) {
            pictures.add(
                    Picture.of(
                            Files.readAllBytes(Path.of(mended.file())),
                            "a drawing of the class " + mended.truth(),
                            String.format(
                                    Locale.ROOT,
                                    "%s (%.0f %%), before: %s (%.0f %%)",
                                    mended.truth(),
                                    100 * mended.afterProbability(),
                                    mended.before(),
                                    100 * mended.beforeProbability())));
        }
        return section.paragraph(
                        "Drawings that \""
                                + result.bestPrompt().template()
                                + "\" gets wrong and the learned prompt right with every seed.")
                .pictures(pictures);
    }

    private Section perClass() {
        HtmlTable table =
                new HtmlTable("Test drawings classified rightly, %")
                        .words("class")
                        .numbers("drawings", "hand-written", "learned", "gain");
        double largest =
                result.perClass().stream().mapToDouble(g -> Math.abs(gain(g))).max().orElse(1);
        result.perClass().stream()
                .sorted(Comparator.comparingDouble(DemoReport::gain).reversed())
                .forEach(
                        g ->
                                table.row(
                                        List.of(
                                                Cell.of(g.name()),
                                                Cell.of(Integer.toString(g.images())),
                                                Cell.of(number(100.0 * g.before() / g.images())),
                                                Cell.of(number(100 * g.after() / g.images())),
                                                Cell.gain(gain(g), Math.max(largest, 1)))));
        return new Section("Class by class")
                .paragraph(
                        "The best hand-written prompt against the class-specific context of "
                                + result.mostShots()
                                + " shots, mean over the seeds.")
                .table(table);
    }

    private static double gain(DemoResult.ClassGain g) {
        return 100 * (g.after() - g.before()) / g.images();
    }

    private Section confusion() {
        return new Section("What is taken for what")
                .confusion(
                        result.confusionMatrix(),
                        result.classNames(),
                        "True classes in rows, predicted ones in columns, % of the true class:"
                                + " class-specific context, "
                                + result.mostShots()
                                + " shots, all seeds.");
    }

    private Section otherDomain() {
        int most = result.mostShots();
        HtmlTable table =
                new HtmlTable("Accuracy on " + result.emojiImages() + " emoji, %")
                        .words("method")
                        .numbers("accuracy");
        table.row(
                "best hand-written prompt there, \"" + result.bestEmojiPrompt().template() + "\"",
                number(result.bestEmojiPrompt().emoji()));
        table.row(
                "the same with better class names",
                number(
                        result.renamedPrompts().stream()
                                .mapToDouble(DemoResult.Prompt::emoji)
                                .max()
                                .orElseThrow()));
        for (DemoContext context : DemoContext.values()) {
            table.row(
                    context.title() + ", learned on drawings",
                    plusMinus(result.emoji(context.id(), most)));
        }
        table.row(
                "linear probe, fitted on drawings",
                plusMinus(result.emoji(DemoResult.PROBE, most)));
        return new Section("Another domain")
                .paragraph(
                        "Nothing was learned from emoji: the contexts of "
                                + most
                                + " drawings a class, tested on emoji of the same classes by an"
                                + " artist whom the model has never seen. The hand-written prompt"
                                + " is the best of all for the emoji themselves.")
                .table(table);
    }

    private Section words() {
        HtmlTable table =
                new HtmlTable("Nearest words, with Euclidean distance").words("vector", "words");
        for (int i = 0; i < result.words().size(); i++) {
            table.row(
                    Integer.toString(i + 1),
                    result.words().get(i).words().stream()
                            .map(w -> String.format(Locale.ROOT, "%s %.2f", w.word(), w.distance()))
                            .collect(Collectors.joining(", ")));
        }
        return new Section("What the vectors resemble")
                .paragraph(
                        "The words whose embeddings are nearest to the vectors of the unified"
                                + " context, which began as \""
                                + DemoConfig.WORDS
                                + "\". Read little into it: vectors need not mean words, and what"
                                + " is nearest is often not near.")
                .table(table);
    }

    private Section method() {
        return new Section("How this was made")
                .code("coop demo")
                .list(
                        List.of(
                                String.format(
                                        Locale.ROOT,
                                        "Model: %s, %,d numbers, SHA-256 %.12s…; trained on emoji"
                                                + " and clip art, never on these pictures.",
                                        result.model(),
                                        result.parameters(),
                                        result.modelSha256()),
                                "Pictures: "
                                        + (result.trainImages() + result.testImages())
                                        + " drawings of Open Clip Art (public domain), "
                                        + result.emojiImages()
                                        + " emoji of Twemoji (CC BY 4.0).",
                                "CoOp: 4 context vectors before the class name that begin as \""
                                        + DemoConfig.WORDS
                                        + "\", SGD, batches of 32, learning rate "
                                        + DemoConfig.RATE
                                        + " with a cosine, no augmentation.",
                                "Linear probe: logistic regression on the same features and"
                                        + " drawings, its penalty chosen by cross-validation.",
                                String.format(
                                        Locale.ROOT,
                                        "All of it took %.0f seconds: %s.",
                                        result.seconds(),
                                        result.machine())));
    }

    /** "41.2 ± 0.8", or "41.2" for one seed. */
    private static String plusMinus(SeedSummary summary) {
        return summary.count() > 1
                ? String.format(Locale.ROOT, "%.1f ± %.1f", summary.mean(), summary.sampleSd())
                : number(summary.mean());
    }

    private static String percent(SeedSummary summary) {
        return plusMinus(summary) + " %";
    }

    private static String percent(double value) {
        return number(value) + " %";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String signed(double value) {
        return String.format(Locale.ROOT, "%+.1f", value).replace('-', '−');
    }
}
