package org.coop4j.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.cli.console.Table;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.demo.DemoContext;
import org.coop4j.demo.DemoReport;
import org.coop4j.demo.DemoResult;
import org.coop4j.demo.DemoRun;
import org.coop4j.eval.Numbers;
import org.coop4j.eval.SeedSummary;
import org.coop4j.weights.Progress;

/** The demo on the screen: a table that grows by a row for each number of shots. */
final class DemoScreen implements DemoRun.Listener, AutoCloseable {

    /** Columns of the bar that shows an accuracy; the whole is 100 %. */
    private static final int BAR = 30;

    private static final String ROW = "%5s  %-14s  %-14s  %-14s  %s%n";

    private final Console console;
    private final boolean table;
    private EncodingProgress encoding;
    private Progress.Task task;
    private boolean begun;
    private double bestPrompt;

    /**
     * @param table whether rows are printed to standard output
     */
    DemoScreen(Console console, boolean table) {
        this.console = console;
        this.table = table;
    }

    /** Says which model this is. */
    void model(String name, long parameters) {
        console.note(
                name
                        + ": a CLIP of "
                        + Numbers.count(parameters)
                        + " parameters, trained on emoji and clip art (docs/model-card.md)");
    }

    @Override
    public BankedImages.Listener encoding(String what) {
        encoding = new EncodingProgress(console, what);
        return encoding;
    }

    @Override
    public void prompts(
            ImageDataset drawings,
            List<DemoResult.Prompt> prompts,
            List<DemoResult.Prompt> renamed) {
        bestPrompt = prompts.stream().mapToDouble(DemoResult.Prompt::drawings).max().orElseThrow();
        if (!table) {
            return;
        }
        PrintStream out = console.out();
        out.printf(
                Locale.ROOT,
                "%d classes of drawings that the model never saw: %d to learn from, %d to test"
                        + " on%n%n",
                drawings.classCount(),
                drawings.train().size(),
                drawings.test().size());
        Table rows =
                new Table(Table.Align.LEFT, Table.Align.RIGHT, Table.Align.LEFT, Table.Align.RIGHT);
        rows.row("HAND-WRITTEN PROMPT", "ACCURACY", "", "WITH BETTER CLASS NAMES");
        for (int i = 0; i < prompts.size(); i++) {
            DemoResult.Prompt prompt = prompts.get(i);
            rows.row(
                    "\"" + prompt.template() + "\"",
                    percent(prompt.drawings()),
                    prompt.drawings() == bestPrompt ? "best" : "",
                    percent(renamed.get(i).drawings()));
        }
        rows.print(out);
        out.println();
        out.flush();
    }

    @Override
    public void training(long done, long total, String what) {
        if (task == null) {
            task = console.task("learning", total, Progress.Unit.STEPS);
        }
        task.detail(what);
        task.advanceTo(done);
    }

    @Override
    public void learned(int shots, List<DemoResult.Run> runs) {
        if (!table) {
            return;
        }
        console.above(
                () -> {
                    if (!begun) {
                        console.out()
                                .printf(
                                        Locale.ROOT,
                                        ROW,
                                        "SHOTS",
                                        "UNIFIED",
                                        "CLASS-SPECIFIC",
                                        "LINEAR PROBE",
                                        "CLASS-SPECIFIC (| = best hand-written)");
                        begun = true;
                    }
                    SeedSummary featured = summary(runs, DemoContext.FEATURED.id());
                    console.out()
                            .printf(
                                    Locale.ROOT,
                                    ROW,
                                    shots,
                                    meanSd(summary(runs, DemoContext.UNIFIED.id())),
                                    meanSd(featured),
                                    meanSd(summary(runs, DemoResult.PROBE)),
                                    bar(featured.mean()));
                    console.out().flush();
                });
    }

    private String bar(double accuracy) {
        int length = (int) Math.round(accuracy * BAR / 100);
        int mark = (int) Math.round(bestPrompt * BAR / 100);
        StringBuilder bar = new StringBuilder();
        for (int i = 0; i < Math.max(length, mark + 1); i++) {
            bar.append(i == mark ? '|' : i < length ? '█' : ' ');
        }
        return bar.toString();
    }

    private static SeedSummary summary(List<DemoResult.Run> runs, String method) {
        return SeedSummary.of(
                runs.stream().filter(run -> run.method().equals(method)).toList(),
                DemoResult.Run::drawings);
    }

    /** Prints what comes after the table. */
    static void printEnd(DemoResult result, Path folder, PrintStream out) {
        int most = result.mostShots();
        SeedSummary learned = result.drawings(DemoContext.FEATURED.id(), most);
        DemoResult.Prompt best = result.bestPrompt();
        out.printf(
                Locale.ROOT,
                "%n%d shots, class-specific: %s%n"
                        + "  %s points over the best hand-written prompt (%s)%n"
                        + "  %s points over it with better class names (%s)%n"
                        + "  %s points over the linear probe%n",
                most,
                meanSd(learned),
                gain(learned, best.drawings()),
                percent(best.drawings()),
                gain(learned, result.bestRenamedPrompt().drawings()),
                percent(result.bestRenamedPrompt().drawings()),
                gain(learned, result.drawings(DemoResult.PROBE, most).mean()));
        out.printf(
                Locale.ROOT,
                "another domain, %d emoji: %s with the contexts learned on drawings; %s with the"
                        + " best hand-written prompt there%n",
                result.emojiImages(),
                meanSd(result.emoji(DemoContext.FEATURED.id(), most)),
                percent(result.bestEmojiPrompt().emoji()));
        out.println(
                "nearest words of the learned vectors: "
                        + result.words().stream()
                                .map(v -> v.words().get(0).word())
                                .collect(Collectors.joining(" · "))
                        + " (not their meaning; see coop interpret)");
        if (!result.mended().isEmpty()) {
            out.println("from wrong to right:");
            Table rows = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.LEFT);
            for (DemoResult.Mended mended : result.mended()) {
                rows.row(
                        "  " + Path.of(mended.file()).getFileName(),
                        certain(mended.before(), mended.beforeProbability()),
                        "→ " + certain(mended.truth(), mended.afterProbability()));
            }
            rows.print(out);
        }
        out.printf(
                Locale.ROOT,
                "%nreport: %s (%.0f s; coop demo --open shows it)%n",
                folder.resolve(DemoReport.PAGE),
                result.seconds());
    }

    private static String certain(String name, double probability) {
        return name + " (" + Numbers.percent(100 * probability, 0) + ")";
    }

    private static String gain(SeedSummary learned, double baseline) {
        return Numbers.signed(learned.mean() - baseline, 1);
    }

    private static String meanSd(SeedSummary summary) {
        return Numbers.meanSd(summary, 1) + " %";
    }

    private static String percent(double value) {
        return Numbers.percent(value, 1);
    }

    @Override
    public void close() {
        if (encoding != null) {
            encoding.close();
        }
        if (task != null) {
            task.close();
            task = null;
        }
    }
}
