package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.coop4j.base.Numbers;
import org.coop4j.console.Json;
import org.coop4j.eval.Interval;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.Comparison;
import org.coop4j.run.Comparison.ComparedClassifier;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.RunComparison;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.HandWritten;
import org.coop4j.study.report.ComparisonTable;
import org.coop4j.study.report.RunPage;

/**
 * What {@code coop train} ends with: what was learned beside what else could have been done.
 *
 * @param results of all runs
 * @param seeds what was found out, for each seed
 * @param choice how the method was chosen
 * @param out the run's folder, or that of the runs' folders
 */
record TrainReport(List<RunResult> results, List<RunComparison> seeds, MethodChoice choice, Path out) {

    void print(PrintStream target) {
        target.println(images());
        if (!choice.scores().isEmpty()) {
            ComparisonTable.candidates(choice).lines().print(target);
            target.println();
        }
        ComparisonTable.of(comparisons()).lines().print(target);
        for (ComparedClassifier method : first().methods()) {
            gain(method).forEach(target::println);
        }
        if (seeds.size() == 1) {
            RunPage.findings(seeds.get(0)).forEach(target::println);
        }
        target.println("learned: " + place(RunFolder.CLASSIFIER));
        target.println("report: " + place(RunFolder.REPORT));
    }

    private String images() {
        RunResult first = results.get(0);
        int val = seeds.get(0).images().val().size();
        return "%s: %s, %s, %s%s"
                .formatted(
                        first.dataset(),
                        Numbers.count(first.classes(), "class", "classes"),
                        Numbers.count(first.trainImages(), "training image"),
                        val == 0 ? "" : Numbers.count(val, "val image") + ", ",
                        Numbers.count(first.testImages(), "test image"));
    }

    private List<Comparison> comparisons() {
        return seeds.stream().map(RunComparison::comparison).toList();
    }

    private Comparison first() {
        return seeds.get(0).comparison();
    }

    /** With one seed a test, with several the mean gain. */
    private List<String> gain(ComparedClassifier method) {
        if (seeds.size() == 1) {
            ComparedClassifier baseline = first().bestBaseline();
            return List.of(
                    method.name() + ": " + ComparisonTable.gain(method, baseline),
                    "  " + ComparisonTable.meaning(method, baseline),
                    "  probabilities: " + method.confidence().sentence());
        }
        SeedSummary gains = SeedSummary.of(
                comparisons(),
                c -> c.method(method.name()).accuracy() - c.bestBaseline().accuracy());
        return List.of(String.format(
                Locale.ROOT,
                "%s: %s ± %s points over the best baseline, mean ± sd over %d seeds",
                method.name(),
                Numbers.signed(gains.mean(), 1),
                Numbers.number(gains.sampleSd(), 1),
                seeds.size()));
    }

    private Path place(String file) {
        Path folder = first().methods().size() == 1 ? out : out.resolve("*");
        return (seeds.size() == 1 ? folder : folder.resolve("seed*")).resolve(file);
    }

    /** The hand-written prompts' mean accuracy over the runs. */
    private List<HandWritten> handWritten() {
        List<HandWritten> means = new ArrayList<>();
        for (int i = 0; i < results.get(0).handWritten().size(); i++) {
            int position = i;
            means.add(new HandWritten(
                    results.get(0).handWritten().get(i).prompt(),
                    SeedSummary.of(results, r -> r.handWritten().get(position).accuracy())
                            .mean()));
        }
        return means;
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object();
        ArrayNode runs = json.putArray("runs");
        for (RunResult result : results) {
            runs.addObject()
                    .put("method", result.method())
                    .put("seed", result.seed())
                    .put("accuracy", result.accuracy())
                    .put("error_rate", result.errorRate())
                    .put("macro_f1", result.macroF1())
                    .put("calibration_error", result.calibrationError());
        }
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
        for (HandWritten prompt : handWritten()) {
            prompts.addObject().put("prompt", prompt.prompt()).put("accuracy", prompt.accuracy());
        }
        SeedSummary accuracy = SeedSummary.of(results, RunResult::accuracy);
        json.put("mean_accuracy", accuracy.mean());
        if (results.size() > 1) {
            json.put("sd_accuracy", accuracy.sampleSd());
        }
        return json.put("folder", out.toString())
                .put("report", place(RunFolder.REPORT).toString());
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
