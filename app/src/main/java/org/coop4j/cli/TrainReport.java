package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.run.RunFolder.CLASSIFIER;
import static org.coop4j.run.RunFolder.REPORT;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.console.Cell;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.findings.Comparison;
import org.coop4j.findings.Comparison.ComparedClassifier;
import org.coop4j.findings.RunComparison;
import org.coop4j.findings.RunComparison.ComparedRun;
import org.coop4j.report.ComparisonTable;
import org.coop4j.report.RunPage;
import org.coop4j.report.SetPage;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.HandWritten;
import org.coop4j.run.RunResult.Sets;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/**
 * The end of {@code coop train}: the learned classifiers compared with simpler ones.
 *
 * @param runs all runs
 * @param seeds comparison of the runs of each seed; none with several labels per image
 * @param choice of the method
 * @param unused number of labelled images outside of the test that no method learned from
 * @param out the run's folder, or the folder of the runs' folders
 */
record TrainReport(List<ComparedRun> runs, List<RunComparison> seeds, MethodChoice choice, int unused, Path out) {

    private List<RunResult> results() {
        return runs.stream().map(ComparedRun::result).toList();
    }

    void print(Console console) {
        RunResult first = results().get(0);
        boolean sets = first.sets() != null;
        int val = runs.get(0).learned().support().val().size();
        console.paragraph(
                "%s: %s%s, %s, %s%s",
                first.dataset(),
                count(first.classes(), "class", "classes"),
                sets ? ", several per image" : "",
                count(first.trainImages(), "training image"),
                val == 0 ? "" : count(val, "validation image") + ", ",
                count(first.testImages(), "test image"));
        Table<?> candidates = ComparisonTable.candidates(choice);
        if (!candidates.isEmpty()) {
            candidates.print(TABLE, console);
            console.print("");
        }
        if (sets) {
            printSets(console);
        } else {
            new ComparisonTable(comparisons()).table().print(TABLE, console);
            comparisons().get(0).methods().forEach(method -> print(method, console));
            if (seeds.size() == 1) {
                RunPage.findings(seeds.get(0)).forEach(console::paragraph);
            }
        }
        console.print("learned: " + place(CLASSIFIER));
        console.print("report: " + place(REPORT));
    }

    private void printSets(Console console) {
        SetPage.results(results()).print(TABLE, console);
        console.print("");
        handWritten().print(TABLE, console);
        console.print("");
        ComparedRun run = runs.get(0);
        Sets sets = run.result().sets();
        if (runs.size() == 1) {
            SetPage.classes(sets, run.decision(), c -> Cell.NONE).print(TABLE, console);
            console.paragraph("probabilities: " + run.learned().confidence().sentence());
        }
        SetPage.withoutPositives(sets).ifPresent(console::paragraph);
    }

    private List<Comparison> comparisons() {
        return seeds.stream().map(RunComparison::comparison).toList();
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
        ComparedClassifier baseline = comparisons().get(0).bestBaseline();
        return ComparisonTable.gain(method, baseline) + ": " + ComparisonTable.meaning(method, baseline);
    }

    private Path place(String file) {
        Path folder = choice.chosen().size() == 1 ? out : out.resolve("*");
        boolean several =
                results().stream().mapToLong(RunResult::seed).distinct().count() > 1;
        return (several ? folder.resolve("seed*") : folder).resolve(file);
    }

    /** Returns the hand-written prompts, by their numbers, with the means over all runs. */
    private Table<Integer> handWritten() {
        List<HandWritten> prompts = results().get(0).handWritten();
        return new Table<Integer>()
                .words("zero-shot prompt", i -> prompts.get(i).prompt(), "prompt")
                .numbers(
                        "mAP",
                        i -> SeedSummary.of(
                                        results(), r -> r.handWritten().get(i).value())
                                .mean(),
                        results().get(0).sets() == null ? "accuracy" : "map")
                .rows(IntStream.range(0, prompts.size()).boxed().toList());
    }

    ObjectNode toJson() {
        Table<RunResult> ran = new Table<RunResult>()
                .data("method", RunResult::method)
                .data("seed", RunResult::seed)
                .data("precision", RunResult::precision)
                .data("accuracy", RunResult::accuracy)
                .data("error_rate", RunResult::errorRate)
                .data("macro_f1", RunResult::macroF1)
                .data("calibration_error", RunResult::calibrationError)
                .data("sets", RunResult::sets)
                .rows(results());
        Table<?> comparison = seeds.isEmpty() ? new Table<>() : new ComparisonTable(comparisons()).table();
        return Json.object()
                .<ObjectNode>set("runs", ran.json())
                .<ObjectNode>set("comparison", comparison.json())
                .<ObjectNode>set(
                        "candidates", ComparisonTable.candidates(choice).json())
                .<ObjectNode>set("hand_written", handWritten().json())
                .put("unused_images", unused)
                .put("folder", out.toString())
                .put("report", place(REPORT).toString());
    }
}
