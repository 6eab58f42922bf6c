package org.coop4j.cli;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Format.JSON;
import static org.coop4j.console.Table.Kind.NUMBERS;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Study;
import org.coop4j.study.SweepRun;
import org.coop4j.study.SweepRun.RunState;

/** The results of a sweep: mean and standard deviation over the seeds. */
record SweepReport(List<RunState> all, Path folder) {

    /** Returns the cells of dataset and method of runs that have them in common. */
    private static List<String> row(List<RunState> runs) {
        SweepRun run = runs.get(0).run();
        String from = run.trainedOn().equals(run.dataset()) ? "" : " from " + run.trainedOn();
        String half = run.half() == ClassHalf.ALL ? "" : ", " + run.half().label();
        return List.of(run.dataset(), run.label() + from + half);
    }

    void print(Format format, Console console) {
        switch (format) {
            case JSON -> console.print(json());
            case CSV -> summary().print(format, console);
            default -> {
                table().print(format, console);
                boolean sets = results(all).stream().anyMatch(result -> result.sets() != null);
                console.print("accuracy in %%%s, mean ± standard deviation over seeds; runs: %s"
                        .formatted(sets ? " (mAP with several labels per image)" : "", folder.resolve("runs")));
            }
        }
    }

    /** Returns a row for each method and a column for each number of shots; hand-written prompts come first. */
    private Table<?> table() {
        Set<String> named = new HashSet<>(); // a dataset is named in its first row
        Table<List<RunState>> table = new Table<List<RunState>>()
                .text("dataset", runs -> named.add(row(runs).get(0)) ? row(runs).get(0) : "")
                .text("method", runs -> row(runs).get(1));
        all.stream()
                .map(SweepReport::shots)
                .distinct()
                .sorted()
                .forEach(shots -> table.column(
                        shots.equals(Shots.NONE) ? "-" : shots.equals(Shots.ALL) ? "all" : shots.describe(),
                        NUMBERS,
                        runs -> cell(runs.stream()
                                .filter(run -> shots(run).equals(shots))
                                .toList())));
        return table.rows(Study.grouped(runs(), state -> row(List.of(state))).values());
    }

    /** Returns the runs dataset by dataset, and method by method as {@code coop report} lists them. */
    private List<RunState> runs() {
        return Study.grouped(all, state -> state.run().dataset()).values().stream()
                .flatMap(same -> same.stream().sorted(comparing(SweepReport::method)))
                .toList();
    }

    private static MethodLabel method(RunState state) {
        String label = state.run().label();
        return new MethodLabel(label, label, state.run().config().method(), false);
    }

    private static Shots shots(RunState state) {
        return Shots.of(state.run().shots(), state.run().learns());
    }

    /** Returns "87.5±0.4": mean and standard deviation over the seeds; "87.5 2/3": the mean of two results of three. */
    private static String cell(List<RunState> runs) {
        List<RunResult> results = results(runs);
        if (results.isEmpty()) {
            return runs.stream().anyMatch(run -> run.failure().isPresent()) ? "failed" : "";
        }
        SeedSummary accuracy = accuracy(runs);
        return results.size() < runs.size()
                ? number(accuracy.mean(), 1) + " " + results.size() + "/" + runs.size()
                : accuracy.compact();
    }

    private static List<RunResult> results(List<RunState> runs) {
        return runs.stream().flatMap(run -> run.result().stream()).toList();
    }

    private static SeedSummary accuracy(List<RunState> runs) {
        return SeedSummary.of(results(runs), RunResult::value);
    }

    private Table<?> summary() {
        Table<List<RunState>> table =
                settings(new Table<>(), runs -> runs.get(0).run());
        table.data("seeds", runs -> accuracy(runs).count())
                .data("mean_accuracy", runs -> accuracy(runs).mean())
                .data(
                        "sd_accuracy",
                        runs -> accuracy(runs).count() > 1 ? accuracy(runs).sampleSd() : null);
        Study.grouped(
                        runs(),
                        state -> List.of(
                                row(List.of(state)),
                                state.run().half(),
                                state.run().shots()))
                .values()
                .stream()
                .filter(runs -> !results(runs).isEmpty())
                .forEach(table::row);
        return table;
    }

    private static <T> Table<T> settings(Table<T> table, Function<T, SweepRun> of) {
        return table.data("dataset", of.andThen(SweepRun::dataset))
                .data("trained_on", of.andThen(SweepRun::trainedOn))
                .data("classes", of.andThen(run -> run.half().label()))
                .data("method", of.andThen(SweepRun::label))
                .data("shots", of.andThen(SweepRun::shots));
    }

    private ObjectNode json() {
        Table<RunState> runs = settings(new Table<RunState>(), RunState::run)
                .data("seed", ended -> ended.run().seed())
                .data("folder", ended -> ended.run().folder().toString());
        scores(runs, RunState::result).data("failure", RunState::failure);
        return Json.object()
                .put("folder", folder.toString())
                .<ObjectNode>set("summary", summary().json())
                .set("runs", runs.rows(all).json());
    }

    /** Adds the scores of a run, which may have no result. */
    static <T> Table<T> scores(Table<T> table, Function<T, Optional<RunResult>> of) {
        return table.data("precision", of.andThen(r -> r.map(RunResult::precision)))
                .in(JSON)
                .data("accuracy", of.andThen(r -> r.map(RunResult::value)))
                .data("error_rate", of.andThen(r -> r.map(RunResult::errorRate)))
                .data("macro_f1", of.andThen(r -> r.map(RunResult::macroF1)))
                .data("calibration_error", of.andThen(r -> r.map(RunResult::calibrationError)));
    }

    /** Names the failed runs by reason; returns true if there are any. */
    boolean printFailures(Console console) {
        List<RunState> failures =
                all.stream().filter(run -> run.failure().isPresent()).toList();
        if (failures.isEmpty()) {
            return false;
        }
        console.warn("%d of %s failed; the same command tries them again:"
                .formatted(failures.size(), count(all.size(), "run")));
        Study.grouped(failures, run -> run.failure().orElseThrow()).forEach((reason, runs) -> {
            String others = runs.size() == 1 ? "" : " and " + count(runs.size() - 1, "other");
            console.warn("  " + SweepScreen.describe(runs.get(0).run()) + others + ": " + reason);
        });
        return true;
    }
}
