package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.demo.DemoResult.CAREFUL;
import static org.coop4j.demo.DemoResult.CAREFUL_DRAWINGS;
import static org.coop4j.demo.DemoResult.DRAWINGS;
import static org.coop4j.demo.DemoResult.PHOTOGRAPHS;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.console.Console;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset;
import org.coop4j.demo.DemoMethod;
import org.coop4j.demo.DemoReport;
import org.coop4j.demo.DemoResult;
import org.coop4j.demo.DemoResult.Scores;
import org.coop4j.demo.DemoRun.Listener;
import org.coop4j.findings.PictureResults;
import org.coop4j.findings.PictureResults.PictureResult;

/**
 * The demo on the screen: a table that grows by a row for each number of shots.
 *
 * @param table true if rows are printed to standard output
 */
record DemoScreen(Console console, boolean table) implements Listener {

    /** Columns of the bar that shows an accuracy of 100 %. */
    private static final int BAR = 20;

    private static final String ROW = "%5s  %-14s  %-14s  %-14s  %-14s  %s%n";

    /** Describes the model. */
    void model(String name, long parameters) {
        console.note(name + ": a CLIP of " + count(parameters)
                + " parameters, trained on photographs, emoji and clip art (docs/model-card.md)");
    }

    @Override
    public void prompts(ImageDataset photographs, Scores scores) {
        if (!table) {
            return;
        }
        String best = scores.best(PHOTOGRAPHS);
        PrintStream out = console.out();
        out.println("%s classes of photographs that the model never saw: %s to learn from, %s to test on%n"
                .formatted(
                        photographs.classCount(),
                        photographs.train().size(),
                        photographs.test().size()));
        new Table<String>()
                .words("hand-written prompt", DemoReport::quoted)
                .numbers("accuracy", prompt -> percent(scores.accuracy(PHOTOGRAPHS, prompt)))
                .words("", prompt -> prompt.equals(best) ? "best" : "")
                .numbers("with careful names", prompt -> percent(scores.accuracy(CAREFUL, prompt)))
                .rows(scores.prompts())
                .lines()
                .print(console);
        out.println();
        out.printf(ROW, "SHOTS", "UNIFIED", "CLASS-SPECIFIC", "GDA", "LINEAR PROBE", "CLASS-SPECIFIC (| best by hand)");
        out.flush();
    }

    @Override
    public void learned(int shots, Scores scores) {
        if (!table) {
            return;
        }
        List<Object> row = new ArrayList<>(List.of(shots));
        for (DemoMethod method : DemoMethod.values()) {
            row.add(meanSd(scores.accuracy(PHOTOGRAPHS, method.id(), shots)));
        }
        row.add(bar(
                scores.accuracy(PHOTOGRAPHS, DemoMethod.FEATURED.id(), shots).mean(), scores.ofBest(CAREFUL)));
        console.above(() -> console.out().printf(ROW, row.toArray()).flush());
    }

    private static String bar(double accuracy, double bestPrompt) {
        int length = (int) Math.round(accuracy * BAR / 100);
        int mark = (int) Math.round(bestPrompt * BAR / 100);
        String bar = "█".repeat(length) + " ".repeat(Math.max(0, mark + 1 - length));
        return bar.substring(0, mark) + "|" + bar.substring(mark + 1);
    }

    /** Prints the results below the table. */
    static void printEnd(DemoReport report, Path folder, Console console) {
        DemoResult result = report.result();
        console.print("");
        report.facts().forEach(fact -> console.paragraph(fact.value() + " " + fact.meaning()));
        Scores scores = result.scores();
        console.paragraph("another domain, %s drawings, learned on photographs: %s; best hand-written prompt there %s"
                .formatted(
                        result.drawingImages(),
                        Stream.of(DemoMethod.values())
                                .map(method -> method.title() + " " + meanSd(scores.learned(DRAWINGS, method)))
                                .collect(joining(", ")),
                        percent(scores.ofBest(CAREFUL_DRAWINGS))));
        console.paragraph("nearest words of the learned vectors: "
                + result.words().stream().map(v -> v.get(0).text()).collect(joining(" · "))
                + " (not their meaning; see coop interpret)");
        print("corrected", result, true, console);
        print("newly wrong", result, false, console);
        console.print("");
        console.print("report: %s (%s s; coop demo --open shows it)"
                .formatted(folder.resolve(DemoReport.PAGE), number(result.seconds(), 0)));
    }

    private static void print(String direction, DemoResult result, boolean corrected, Console console) {
        for (PictureResults.Changed change : result.changed(corrected)) {
            console.paragraph("%s: %s/%s, %s → %s"
                    .formatted(
                            direction,
                            result.classNames().get(change.after().truth()),
                            change.after().file().getFileName(),
                            label(result, change.before()),
                            label(result, change.after())));
        }
    }

    private static String label(DemoResult result, PictureResult picture) {
        String probability = percent(100 * picture.probability(), 0);
        return "%s (%s)".formatted(result.classNames().get(picture.label()), probability);
    }

    private static String meanSd(SeedSummary summary) {
        return summary.meanSd(1) + " %";
    }
}
