package org.coop4j.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Console;
import org.coop4j.console.Table.Kind;
import org.coop4j.data.ImageDataset;
import org.coop4j.demo.DemoMethod;
import org.coop4j.demo.DemoReport;
import org.coop4j.demo.DemoResult;
import org.coop4j.demo.DemoRun;
import org.coop4j.eval.SeedSummary;

/** The demo on the screen: a table that grows by a row for each number of shots. */
final class DemoScreen implements DemoRun.Listener {

    /** Columns of the bar that shows an accuracy of 100 %. */
    private static final int BAR = 20;

    private static final String ROW = "%5s  %-14s  %-14s  %-14s  %-14s  %s%n";

    private final Console console;
    private final boolean table;
    private double bestPrompt;

    /**
     * @param table whether rows are printed to standard output
     */
    DemoScreen(Console console, boolean table) {
        this.console = console;
        this.table = table;
    }

    /** Describes the model. */
    void model(String name, long parameters) {
        console.note(name + ": a CLIP of " + Numbers.count(parameters)
                + " parameters, trained on photographs, emoji and clip art (docs/model-card.md)");
    }

    @Override
    public void prompts(
            ImageDataset photographs,
            List<String> photographed,
            List<DemoResult.Prompt> prompts,
            List<DemoResult.Prompt> renamed) {
        DemoResult.Prompt best = DemoResult.best(prompts);
        bestPrompt = DemoResult.best(renamed).photographs();
        if (!table) {
            return;
        }
        PrintStream out = console.out();
        out.printf(
                Locale.ROOT,
                "%d classes of photographs that the model never saw: %d to learn from, %d to test on%n"
                        + "it was trained on other photographs of %d of them: %s%n%n",
                photographs.classCount(),
                photographs.train().size(),
                photographs.test().size(),
                photographed.size(),
                String.join(", ", photographed));
        AlignedLines rows = new AlignedLines(Kind.WORDS, Kind.NUMBERS, Kind.WORDS, Kind.NUMBERS);
        rows.row("HAND-WRITTEN PROMPT", "ACCURACY", "", "WITH CAREFUL NAMES");
        for (int i = 0; i < prompts.size(); i++) {
            DemoResult.Prompt prompt = prompts.get(i);
            rows.row(
                    DemoReport.quoted(prompt),
                    percent(prompt.photographs()),
                    prompt.equals(best) ? "best" : "",
                    percent(renamed.get(i).photographs()));
        }
        rows.print(out);
        out.println();
        out.printf(ROW, "SHOTS", "UNIFIED", "CLASS-SPECIFIC", "GDA", "LINEAR PROBE", "CLASS-SPECIFIC (| best by hand)");
        out.flush();
    }

    @Override
    public void learned(int shots, Map<DemoMethod, SeedSummary> accuracies) {
        if (!table) {
            return;
        }
        List<Object> row = new ArrayList<>(List.of(shots));
        accuracies.values().forEach(accuracy -> row.add(meanSd(accuracy)));
        row.add(bar(accuracies.get(DemoMethod.FEATURED).mean()));
        console.above(() -> console.out().printf(ROW, row.toArray()).flush());
    }

    private String bar(double accuracy) {
        int length = (int) Math.round(accuracy * BAR / 100);
        int mark = (int) Math.round(bestPrompt * BAR / 100);
        String bar = "█".repeat(length) + " ".repeat(Math.max(0, mark + 1 - length));
        return bar.substring(0, mark) + "|" + bar.substring(mark + 1);
    }

    /** Prints the results below the table. */
    static void printEnd(DemoReport report, Path folder, PrintStream out) {
        DemoResult result = report.result();
        out.println();
        report.facts().forEach(fact -> out.println(fact.value() + " " + fact.meaning()));
        out.printf(
                Locale.ROOT,
                "another domain, %d drawings: %s with the contexts learned on photographs; %s with"
                        + " the best hand-written prompt there%n",
                result.drawingImages(),
                meanSd(result.drawings(DemoMethod.FEATURED)),
                percent(result.bestDrawingPrompt().drawings()));
        out.println("nearest words of the learned vectors: "
                + result.words().stream().map(v -> v.get(0).word()).collect(Collectors.joining(" · "))
                + " (not their meaning; see coop interpret)");
        print("from wrong to right", result.mended(), out);
        print("from right to wrong", result.spoilt(), out);
        out.printf(
                Locale.ROOT,
                "%nreport: %s (%.0f s; coop demo --open shows it)%n",
                folder.resolve(DemoReport.PAGE),
                result.seconds());
    }

    private static void print(String direction, List<DemoResult.Change> changes, PrintStream out) {
        for (DemoResult.Change change : changes) {
            out.printf(
                    Locale.ROOT,
                    "%s: %s/%s, %s (%.0f %%) → %s (%.0f %%)%n",
                    direction,
                    change.truth(),
                    Path.of(change.file()).getFileName(),
                    change.before(),
                    100 * change.beforeProbability(),
                    change.after(),
                    100 * change.afterProbability());
        }
    }

    private static String meanSd(SeedSummary summary) {
        return summary.meanSd(1) + " %";
    }

    private static String percent(double value) {
        return Numbers.percent(value, 1);
    }
}
