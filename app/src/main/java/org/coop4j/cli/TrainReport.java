package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.run.RunFolder.CLASSIFIER;
import static org.coop4j.run.RunFolder.REPORT;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.console.Console;
import org.coop4j.console.Interval;
import org.coop4j.console.Json;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.findings.Comparison;
import org.coop4j.findings.Comparison.ComparedClassifier;
import org.coop4j.findings.RunComparison;
import org.coop4j.report.ComparisonTable;
import org.coop4j.report.RunPage;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.HandWritten;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/**
 * The end of {@code coop train}: the learned classifiers beside simpler ones.
 *
 * @param results of all runs
 * @param seeds comparison of the runs of each seed
 * @param choice how the method was chosen
 * @param unused number of labelled images outside of the test that no method learned from
 * @param out the run's folder, or that of the runs' folders
 */
record TrainReport(List<RunResult> results, List<RunComparison> seeds, MethodChoice choice, int unused, Path out) {

    void print(Console console) {
        RunResult first = results.get(0);
        int val = seeds.get(0).support().val().size();
        console.paragraph("%s: %s, %s, %s%s"
                .formatted(
                        first.dataset(),
                        count(first.classes(), "class", "classes"),
                        count(first.trainImages(), "training image"),
                        val == 0 ? "" : count(val, "validation image") + ", ",
                        count(first.testImages(), "test image")));
        if (!choice.scores().isEmpty()) {
            ComparisonTable.candidates(choice).print(TABLE, console);
            console.print("");
        }
        new ComparisonTable(comparisons()).table().print(TABLE, console);
        first().methods().forEach(method -> print(method, console));
        if (seeds.size() == 1) {
            RunPage.findings(seeds.get(0)).forEach(console::paragraph);
        }
        console.print("learned: " + place(CLASSIFIER));
        console.print("report: " + place(REPORT));
    }

    private List<Comparison> comparisons() {
        return seeds.stream().map(RunComparison::comparison).toList();
    }

    private Comparison first() {
        return seeds.get(0).comparison();
    }

    /** Prints the verdict on a method: with one seed a test, with several the mean gain. */
    private void print(ComparedClassifier method, Console console) {
        SeedSummary gains = SeedSummary.of(
                comparisons(),
                c -> c.method(method.name()).accuracy() - c.bestBaseline().accuracy());
        Style colour = gains.mean() > 0 ? Style.fg_green : Style.fg_red;
        boolean coloured = gains.mean() != 0 && Ansi.AUTO.enabled();
        console.out().print(coloured ? colour.on() : "");
        console.paragraph(method.name() + ": " + verdict(method, gains));
        console.out().print(coloured ? colour.off() : "");
        if (seeds.size() == 1) {
            console.paragraph("probabilities: " + method.confidence().sentence());
        }
    }

    private String verdict(ComparedClassifier method, SeedSummary gains) {
        if (seeds.size() > 1) {
            String points = number(Math.abs(gains.mean()), 1) + " ± " + number(gains.sampleSd(), 1);
            return "%s, mean ± sd over %d seeds".formatted(ComparisonTable.over(gains.mean(), points), seeds.size());
        }
        ComparedClassifier baseline = first().bestBaseline();
        return ComparisonTable.gain(method, baseline) + ": " + ComparisonTable.meaning(method, baseline);
    }

    private Path place(String file) {
        Path folder = first().methods().size() == 1 ? out : out.resolve("*");
        return (seeds.size() == 1 ? folder : folder.resolve("seed*")).resolve(file);
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object();
        Table<RunResult> runs =
                new Table<RunResult>().data("method", RunResult::method).data("seed", RunResult::seed);
        json.set("runs", SweepReport.scores(runs, Optional::of).rows(results).json());
        ArrayNode comparison = json.putArray("comparison");
        for (Comparison seed : comparisons()) {
            ArrayNode rows = comparison.addArray();
            seed.classifiers().forEach(c -> row(rows.addObject(), c));
        }
        ArrayNode candidates = json.putArray("candidates");
        choice.scores().forEach(s -> candidates
                .addObject()
                .put("candidate", s.candidate().name())
                .put("accuracy", s.accuracy())
                .put("images", s.images()));
        ArrayNode prompts = json.putArray("hand_written");
        List<HandWritten> handWritten = results.get(0).handWritten();
        IntStream.range(0, handWritten.size()).forEach(i -> prompts.addObject()
                .put("prompt", handWritten.get(i).prompt())
                .put(
                        "accuracy",
                        SeedSummary.of(results, r -> r.handWritten().get(i).accuracy())
                                .mean()));
        SeedSummary accuracy = SeedSummary.of(results, RunResult::accuracy);
        json.put("unused_images", unused);
        json.put("mean_accuracy", accuracy.mean());
        if (results.size() > 1) {
            json.put("sd_accuracy", accuracy.sampleSd());
        }
        return json.put("folder", out.toString()).put("report", place(REPORT).toString());
    }

    private static void row(ObjectNode row, ComparedClassifier c) {
        Interval interval = Interval.wilson(c.test().right(), c.test().size());
        row.put("classifier", c.name())
                .put("kind", c.role().name().toLowerCase(Locale.ROOT))
                .put("accuracy", c.accuracy())
                .put("low", interval.low())
                .put("high", interval.high())
                .put("macro_f1", c.test().evaluation().macroF1())
                .put("train_accuracy", c.train().accuracy())
                .put("seconds", c.seconds());
        if (c.val().size() > 0) {
            row.put("val_accuracy", c.val().accuracy());
        }
    }
}
