package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep.SweepOutcome;
import org.coop4j.study.SweepRun;

/** What a sweep measured: mean and standard deviation over the seeds. */
record SweepReport(SweepOutcome outcome, Path folder) {

    private static final int NO_SHOTS = -1;

    /** More than any number of shots. */
    private static final int ALL_IMAGES = Integer.MAX_VALUE;

    /** What is summarised together: all but the seed. */
    private record Setting(String dataset, String trainedOn, String half, String method, int shots) {
        static Setting of(SweepRun run) {
            return new Setting(
                    run.dataset(),
                    run.trainedOn(),
                    run.half().name().toLowerCase(Locale.ROOT),
                    run.label(),
                    run.shots());
        }
    }

    void print(Table.Format format, Console console) {
        switch (format) {
            case JSON -> console.print(json());
            case CSV -> settings().rows(results().entrySet()).print(format, console);
            default -> table(console.out());
        }
    }

    /** A row a method and a column a number of shots; hand-written prompts come before all. */
    private void table(PrintStream target) {
        Map<List<String>, Map<Integer, List<SweepOutcome.Ended>>> rows = new LinkedHashMap<>();
        Set<Integer> columns = new TreeSet<>();
        for (SweepOutcome.Ended ended : outcome.runs()) {
            SweepRun run = ended.run();
            int column = !run.learns() ? NO_SHOTS : run.shots() == 0 ? ALL_IMAGES : run.shots();
            columns.add(column);
            rows.computeIfAbsent(List.of(run.dataset(), method(run)), row -> new LinkedHashMap<>())
                    .computeIfAbsent(column, shots -> new ArrayList<>())
                    .add(ended);
        }
        List<List<String>> keys = List.copyOf(rows.keySet());
        Table<List<String>> table = new Table<List<String>>()
                .text("dataset", key -> beginsDataset(keys, keys.indexOf(key)) ? key.get(0) : "")
                .text("method", key -> key.get(1));
        columns.forEach(shots -> table.column(
                heading(shots), Table.Kind.NUMBERS, key -> cell(rows.get(key).getOrDefault(shots, List.of()))));
        table.rows(keys).lines().print(target);
        target.println("accuracy in %, mean ± standard deviation over seeds; runs: " + folder.resolve("runs"));
    }

    private static boolean beginsDataset(List<List<String>> keys, int row) {
        return row == 0 || !keys.get(row - 1).get(0).equals(keys.get(row).get(0));
    }

    private static String method(SweepRun run) {
        String from = run.trainedOn().equals(run.dataset()) ? "" : " from " + run.trainedOn();
        String half =
                switch (run.half()) {
                    case ALL -> "";
                    case BASE -> ", base";
                    case NEW -> ", new";
                };
        return run.label() + from + half;
    }

    private static String heading(int shots) {
        return switch (shots) {
            case NO_SHOTS -> "-";
            case ALL_IMAGES -> "ALL";
            case 1 -> "1 SHOT";
            default -> shots + " SHOTS";
        };
    }

    /** "87.5±0.4": mean and standard deviation over the seeds; "87.5 2/3": the mean of two results of three. */
    private static String cell(List<SweepOutcome.Ended> runs) {
        List<RunResult> results =
                runs.stream().flatMap(run -> run.result().stream()).toList();
        if (results.isEmpty()) {
            return runs.stream().anyMatch(run -> run.failure().isPresent()) ? "failed" : "";
        }
        SeedSummary summary = summary(results);
        return results.size() < runs.size()
                ? Numbers.number(summary.mean(), 1) + " " + results.size() + "/" + runs.size()
                : summary.compact();
    }

    private Map<Setting, List<RunResult>> results() {
        Map<Setting, List<RunResult>> results = outcome.runs().stream()
                .collect(Collectors.groupingBy(
                        ended -> Setting.of(ended.run()),
                        LinkedHashMap::new,
                        Collectors.flatMapping(ended -> ended.result().stream(), Collectors.toList())));
        results.values().removeIf(List::isEmpty);
        return results;
    }

    private static SeedSummary summary(List<RunResult> results) {
        return SeedSummary.of(results, RunResult::accuracy);
    }

    private static Table<Map.Entry<Setting, List<RunResult>>> settings() {
        Table<Map.Entry<Setting, List<RunResult>>> rows = new Table<>();
        return setting(rows, Map.Entry::getKey)
                .data("seeds", row -> row.getValue().size())
                .data("mean_accuracy", row -> summary(row.getValue()).mean())
                .data("sd_accuracy", row -> sd(summary(row.getValue())));
    }

    private static Optional<Double> sd(SeedSummary summary) {
        return summary.count() > 1 ? Optional.of(summary.sampleSd()) : Optional.empty();
    }

    private static <T> Table<T> setting(Table<T> rows, Function<T, Setting> of) {
        return rows.data("dataset", row -> of.apply(row).dataset())
                .data("trained_on", row -> of.apply(row).trainedOn())
                .data("classes", row -> of.apply(row).half())
                .data("method", row -> of.apply(row).method())
                .data("shots", row -> of.apply(row).shots());
    }

    private ObjectNode json() {
        Table<SweepOutcome.Ended> runs = new Table<>();
        setting(runs, ended -> Setting.of(ended.run()))
                .data("seed", ended -> ended.run().seed())
                .data("folder", ended -> ended.run().folder().toString())
                .data("accuracy", ended -> ended.result().map(RunResult::accuracy))
                .data("error_rate", ended -> ended.result().map(RunResult::errorRate))
                .data("macro_f1", ended -> ended.result().map(RunResult::macroF1))
                .data("calibration_error", ended -> ended.result().map(RunResult::calibrationError))
                .data("failure", SweepOutcome.Ended::failure);
        ObjectNode json = Json.object().put("folder", folder.toString());
        json.set("summary", settings().rows(results().entrySet()).json());
        json.set("runs", runs.rows(outcome.runs()).json());
        return json;
    }

    /** Says which runs failed, those with the same reason together. */
    void printFailures(Console console) {
        List<SweepOutcome.Ended> failures = outcome.failures();
        if (failures.isEmpty()) {
            return;
        }
        console.warn("%s of %s failed; the same command tries them again:"
                .formatted(
                        Numbers.count(failures.size()),
                        Numbers.count(outcome.runs().size(), "run")));
        Map<String, List<SweepOutcome.Ended>> byReason = failures.stream()
                .collect(Collectors.groupingBy(
                        run -> run.failure().orElseThrow(), LinkedHashMap::new, Collectors.toList()));
        byReason.forEach((reason, runs) -> {
            String others = runs.size() == 1 ? "" : " and " + Numbers.count(runs.size() - 1, "other");
            console.warn("  " + SweepScreen.describe(runs.get(0).run()) + others + ": " + reason);
        });
    }
}
