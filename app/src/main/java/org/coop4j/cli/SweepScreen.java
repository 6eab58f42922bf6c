package org.coop4j.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.console.Console;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepListener;
import org.coop4j.study.SweepRun;

/**
 * Shows a sweep: on a terminal the table of the dataset that it is at, which fills in, above a line
 * with the time left for all; elsewhere a line for each result.
 */
final class SweepScreen implements SweepListener, AutoCloseable {

    /** Lines of the table that are shown; a terminal has 24 or more. */
    private static final int MOST_LINES = 18;

    private final Console console;
    private final boolean live;
    private List<SweepRun> runs = List.of();
    private Map<SweepRun, RunResult> earlier = Map.of();
    private String section = "";
    private SweepTable table;
    private SweepRun current;
    private Progress.Task task;
    private String run = "";

    SweepScreen(Console console) {
        this.console = console;
        this.live = console.errorIsTerminal() && !console.quiet();
    }

    @Override
    public void note(String message) {
        console.warn(message);
    }

    @Override
    public void begins(List<SweepRun> all, Map<SweepRun, RunResult> finished) {
        runs = all;
        earlier = Map.copyOf(finished);
        if (finished.isEmpty()) {
            console.note(Numbers.count(all.size(), "run"));
        } else {
            console.note(
                    Numbers.count(all.size(), "run")
                            + ", "
                            + Numbers.count(finished.size())
                            + " of them finished already");
        }
    }

    @Override
    public void started(SweepRun next) {
        current = next;
        run = "%d/%d %s".formatted(runs.indexOf(next) + 1, runs.size(), describe(next));
        if (live) {
            if (!next.section().equals(section)) {
                leaveTable();
                enter(next.section());
            }
            table.running(next);
            show();
        }
    }

    private void enter(String next) {
        section = next;
        List<SweepRun> here = runs.stream().filter(r -> r.section().equals(next)).toList();
        table = new SweepTable(here);
        here.stream()
                .filter(earlier::containsKey)
                .forEach(r -> table.finished(r, earlier.get(r).accuracy()));
    }

    /** The table of a dataset stays on the screen when the next one comes. */
    private void leaveTable() {
        console.board(List.of());
        if (live && table != null) {
            table.table().lines().forEach(console::note);
        }
    }

    private void show() {
        List<String> lines = table.table().lines();
        if (lines.size() > MOST_LINES) {
            int first =
                    Math.max(
                            1,
                            Math.min(
                                    table.row(current) + 2 - MOST_LINES / 2,
                                    lines.size() - MOST_LINES + 1));
            List<String> few = new ArrayList<>(List.of(lines.get(0)));
            few.addAll(lines.subList(first, first + MOST_LINES - 1));
            lines = few;
        }
        console.board(lines);
    }

    @Override
    public void progress(double done, double total, String what) {
        if (task == null) {
            task = console.task("sweep", 0, Progress.Unit.WORK);
        }
        task.total((long) Math.ceil(total));
        task.detail(run.isEmpty() || current == null ? what : run + ", " + what);
        task.advanceTo((long) done);
    }

    @Override
    public void finished(SweepRun ended, RunResult result) {
        if (live) {
            table.finished(ended, result.accuracy());
            show();
        } else {
            console.note(
                    String.format(
                            Locale.ROOT,
                            "%s: %.1f %%%s, %s",
                            run,
                            result.accuracy(),
                            handWritten(result),
                            Numbers.duration(duration(result))));
        }
        current = null;
    }

    /** Of the run itself, wherever it was made. */
    private static Duration duration(RunResult result) {
        double seconds = result.seconds().values().stream().mapToDouble(s -> s).sum();
        return Duration.ofMillis(Math.round(1000 * seconds));
    }

    /** The data's own template is the first of the hand-written prompts. */
    private static String handWritten(RunResult result) {
        return result.seed() == 0 || result.handWritten().isEmpty()
                ? ""
                : String.format(
                        Locale.ROOT,
                        " (hand-written %.1f %%)",
                        result.handWritten().get(0).accuracy());
    }

    @Override
    public void failed(SweepRun ended, String message) {
        if (live) {
            table.failed(ended);
            show();
        }
        console.warn(describe(ended) + " failed: " + message);
        current = null;
    }

    static String describe(SweepRun run) {
        String what = run.trainedOn() + " " + run.title();
        if (!run.learns()) {
            return what;
        }
        int shots = run.shots();
        return "%s, %s, seed %d"
                .formatted(
                        what, shots == 0 ? "all images" : Numbers.count(shots, "shot"), run.seed());
    }

    /** The process is ending before the sweep has. */
    void stopped() {
        console.status("");
        leaveTable();
        console.warn("stopped; repeat the command to resume");
    }

    @Override
    public void close() {
        console.board(List.of());
        if (task != null) {
            task.close();
            task = null;
        }
    }
}
