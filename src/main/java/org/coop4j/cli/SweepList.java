package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.sweep.RunState;
import org.coop4j.sweep.SweepRun;

/** The runs of a plan, and how far each is. */
final class SweepList {

    private final Map<SweepRun, RunState> runs;

    SweepList(Map<SweepRun, RunState> runs) {
        this.runs = runs;
    }

    void print(OutputFormat format, Console console) {
        if (format.isJson()) {
            ArrayNode list = Json.object().putArray("runs");
            runs.forEach(
                    (run, state) ->
                            list.addObject()
                                    .put("run", run.folder().toString())
                                    .put("state", name(state))
                                    .put("steps", run.steps()));
            Json.print(list, console.out());
        } else if (format.isCsv()) {
            Csv csv = new Csv(console.out(), "run", "state", "steps");
            runs.forEach(
                    (run, state) ->
                            csv.record(
                                    run.folder().toString(),
                                    name(state),
                                    String.valueOf(run.steps())));
        } else {
            table(console.out());
        }
        console.note(summary());
    }

    private void table(PrintStream target) {
        Table table = new Table(Table.Align.LEFT, Table.Align.RIGHT, Table.Align.LEFT);
        table.row("RUN", "STEPS", "STATE");
        runs.forEach(
                (run, state) ->
                        table.row(
                                run.folder().toString(),
                                run.steps() == 0 ? "" : Numbers.count(run.steps()),
                                name(state) + state.failure().map(why -> ": " + why).orElse("")));
        table.print(target);
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
