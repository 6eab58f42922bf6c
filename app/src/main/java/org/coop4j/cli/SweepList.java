package org.coop4j.cli;

import org.coop4j.console.Table;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.console.Console;
import org.coop4j.study.RunState;
import org.coop4j.study.SweepRun;

/** The runs of a plan, and how far each is. */
record SweepList(Map<SweepRun, RunState> runs) {

    void print(Table.Format format, Console console) {
        Table<Map.Entry<SweepRun, RunState>> rows =
                new Table<Map.Entry<SweepRun, RunState>>()
                        .text("run", run -> run.getKey().folder().toString())
                        .shown(
                                "steps",
                                Table.Kind.NUMBERS,
                                run -> run.getKey().steps(),
                                run -> steps(run.getKey()))
                        .in(Table.Format.TABLE)
                        .shown(
                                "state",
                                Table.Kind.WORDS,
                                run -> name(run.getValue()),
                                run -> described(run.getValue()))
                        .data("steps", run -> run.getKey().steps());
        rows.rows(runs.entrySet()).print(format, console);
        console.note(summary());
    }

    private static String steps(SweepRun run) {
        return run.steps() == 0 ? "" : Numbers.count(run.steps());
    }

    private static String described(RunState state) {
        return name(state) + state.failure().map(why -> ": " + why).orElse("");
    }

    private static String name(RunState state) {
        return state.status().name().toLowerCase(Locale.ROOT);
    }

    private String summary() {
        long steps = 0;
        for (Map.Entry<SweepRun, RunState> run : runs.entrySet()) {
            if (run.getValue().status() != RunState.Status.FINISHED) {
                steps += run.getKey().steps();
            }
        }
        return "%s, %s finished, %s begun, %s failed; %s left"
                .formatted(
                        Numbers.count(runs.size(), "run"),
                        Numbers.count(count(RunState.Status.FINISHED)),
                        Numbers.count(count(RunState.Status.BEGUN)),
                        Numbers.count(count(RunState.Status.FAILED)),
                        Numbers.count(steps, "training step"));
    }

    private long count(RunState.Status status) {
        return runs.values().stream().filter(state -> state.status() == status).count();
    }
}
