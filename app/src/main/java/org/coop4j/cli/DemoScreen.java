package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.demo.DemoResult.CAREFUL;
import static org.coop4j.demo.DemoResult.FEATURED;
import static org.coop4j.demo.DemoResult.PHOTOGRAPHS;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset;
import org.coop4j.demo.DemoResult;
import org.coop4j.demo.DemoResult.Score;
import org.coop4j.demo.DemoResult.Scores;
import org.coop4j.demo.DemoRun;
import org.coop4j.demo.DemoRun.Listener;

/**
 * The demo on the screen: a table that grows by a row for each number of shots.
 *
 * @param table true if rows are printed to standard output
 */
record DemoScreen(Console console, boolean table) implements Listener {

    /** Columns of the bar that shows an accuracy of 100 %. */
    private static final int BAR = 20;

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
                .words("hand-written prompt", prompt -> '"' + prompt + '"')
                .numbers("accuracy", prompt -> percent(scores.accuracy(PHOTOGRAPHS, prompt)))
                .words("", prompt -> prompt.equals(best) ? "best" : "")
                .numbers("with careful names", prompt -> percent(scores.accuracy(CAREFUL, prompt)))
                .rows(scores.prompts())
                .lines()
                .print(console);
        out.println();
        out.flush();
    }

    @Override
    public void learned(int shots, Scores scores) {
        if (!table) {
            return;
        }
        if (scores.all().stream().mapToInt(Score::shots).allMatch(one -> one == 0 || one == shots)) { // the first row
            print(
                    "SHOTS",
                    scores.methods().stream().map(method -> method.toUpperCase(Locale.ROOT)),
                    FEATURED.toUpperCase(Locale.ROOT) + " (| best by hand)");
        }
        print(
                shots,
                scores.methods().stream()
                        .map(method ->
                                scores.accuracy(PHOTOGRAPHS, method, shots).meanSd(1) + " %"),
                bar(scores.accuracy(PHOTOGRAPHS, FEATURED, shots).mean(), scores.ofBest(CAREFUL)));
    }

    private void print(Object shots, Stream<String> accuracies, String bar) {
        Object[] row = Stream.of(Stream.of(shots), accuracies, Stream.of(bar))
                .flatMap(one -> one)
                .toArray();
        console.above(() -> console.out()
                .printf("%5s  %-14s  %-14s  %-14s  %-14s  %s%n", row)
                .flush());
    }

    private static String bar(double accuracy, double bestPrompt) {
        int length = (int) Math.round(accuracy * BAR / 100);
        int mark = (int) Math.round(bestPrompt * BAR / 100);
        String bar = "█".repeat(length) + " ".repeat(Math.max(0, mark + 1 - length));
        return bar.substring(0, mark) + "|" + bar.substring(mark + 1);
    }

    /** Prints the results below the table. */
    static void printEnd(DemoResult result, Path folder, Console console) {
        console.print("");
        result.facts().forEach(fact -> console.paragraph(fact.value() + " " + fact.meaning()));
        console.print("");
        console.print(
                "report: %s (%s s; coop demo --open shows it)",
                folder.resolve(DemoRun.PAGE), number(result.seconds(), 0));
    }
}
