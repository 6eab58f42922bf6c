package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.RunResult;
import org.coop4j.sweep.SweepOutcome;
import org.coop4j.sweep.SweepRun;

/** What a sweep measured: mean and standard deviation over the seeds. */
final class SweepReport {

    private final SweepOutcome outcome;
    private final Path folder;

    SweepReport(SweepOutcome outcome, Path folder) {
        this.outcome = outcome;
        this.folder = folder;
    }

    /** What is summarised together: all but the seed. */
    private record Setting(
            String dataset, String trainedOn, String half, String method, int shots) {
        static Setting of(SweepRun run) {
            return new Setting(
                    run.dataset(),
                    run.trainedOn(),
                    run.config().half().name().toLowerCase(Locale.ROOT),
                    run.config().method(),
                    run.config().shots());
        }
    }

    void print(OutputFormat format, PrintStream target) {
        if (format.isJson()) {
            Json.print(json(), target);
        } else if (format.isCsv()) {
            csv(target);
        } else {
            table(target);
        }
    }

    private void table(PrintStream target) {
        SweepTable table =
                new SweepTable(outcome.runs().stream().map(SweepOutcome.Ended::run).toList());
        for (SweepOutcome.Ended ended : outcome.runs()) {
            ended.result().ifPresent(result -> table.finished(ended.run(), result.accuracy()));
            ended.failure().ifPresent(message -> table.failed(ended.run()));
        }
        table.table().print(target);
        target.println(
                "accuracy in %, mean ± standard deviation over seeds; runs: "
                        + folder.resolve("runs"));
    }

    private Map<Setting, List<RunResult>> results() {
        Map<Setting, List<RunResult>> results = new LinkedHashMap<>();
        for (SweepOutcome.Ended ended : outcome.runs()) {
            List<RunResult> seeds =
                    results.computeIfAbsent(Setting.of(ended.run()), s -> new ArrayList<>());
            ended.result().ifPresent(seeds::add);
        }
        results.values().removeIf(List::isEmpty);
        return results;
    }

    private static SeedSummary summary(List<RunResult> results) {
        return SeedSummary.of(results.stream().mapToDouble(RunResult::accuracy).toArray());
    }

    private void csv(PrintStream target) {
        Csv csv =
                new Csv(
                        target,
                        "dataset",
                        "trained_on",
                        "classes",
                        "method",
                        "shots",
                        "seeds",
                        "mean_accuracy",
                        "sd_accuracy");
        results()
                .forEach(
                        (setting, seeds) -> {
                            SeedSummary summary = summary(seeds);
                            csv.record(
                                    setting.dataset(),
                                    setting.trainedOn(),
                                    setting.half(),
                                    setting.method(),
                                    String.valueOf(setting.shots()),
                                    String.valueOf(summary.count()),
                                    String.valueOf(summary.mean()),
                                    summary.count() == 1 ? "" : String.valueOf(summary.sampleSd()));
                        });
    }

    private ObjectNode json() {
        ObjectNode json = Json.object();
        json.put("folder", folder.toString());
        ArrayNode summaries = json.putArray("summary");
        results()
                .forEach(
                        (setting, seeds) -> {
                            SeedSummary summary = summary(seeds);
                            ObjectNode node = summaries.addObject();
                            node.put("dataset", setting.dataset())
                                    .put("trained_on", setting.trainedOn())
                                    .put("classes", setting.half())
                                    .put("method", setting.method())
                                    .put("shots", setting.shots())
                                    .put("seeds", summary.count())
                                    .put("mean_accuracy", summary.mean());
                            if (summary.count() > 1) {
                                node.put("sd_accuracy", summary.sampleSd());
                            }
                        });
        ArrayNode runs = json.putArray("runs");
        outcome.runs().forEach(ended -> run(ended, runs.addObject()));
        return json;
    }

    private static void run(SweepOutcome.Ended ended, ObjectNode node) {
        Setting setting = Setting.of(ended.run());
        node.put("dataset", setting.dataset())
                .put("trained_on", setting.trainedOn())
                .put("classes", setting.half())
                .put("method", setting.method())
                .put("shots", setting.shots())
                .put("seed", ended.run().config().seed())
                .put("folder", ended.run().folder().toString());
        ended.result()
                .ifPresent(
                        result ->
                                node.put("accuracy", result.accuracy())
                                        .put("error_rate", result.errorRate())
                                        .put("macro_f1", result.macroF1())
                                        .put("calibration_error", result.calibrationError()));
        ended.failure().ifPresent(message -> node.put("failure", message));
    }

    /** Says which runs failed, those with the same reason together. */
    void printFailures(Console console) {
        List<SweepOutcome.Ended> failures = outcome.failures();
        if (failures.isEmpty()) {
            return;
        }
        console.warn(
                "%s of %s failed; the same command tries them again:"
                        .formatted(
                                Numbers.count(failures.size()),
                                Numbers.count(outcome.runs().size(), "run")));
        Map<String, List<SweepRun>> byReason = new LinkedHashMap<>();
        for (SweepOutcome.Ended failure : failures) {
            byReason.computeIfAbsent(failure.failure().orElseThrow(), m -> new ArrayList<>())
                    .add(failure.run());
        }
        byReason.forEach(
                (reason, runs) -> {
                    String others =
                            runs.size() == 1
                                    ? ""
                                    : " and " + Numbers.count(runs.size() - 1, "other");
                    console.warn("  " + SweepScreen.describe(runs.get(0)) + others + ": " + reason);
                });
    }
}
