package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.duration;
import static org.coop4j.base.Numbers.percent;

import java.util.List;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.console.Console;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.SweepRun;
import org.coop4j.study.SweepRun.RunState;

/** Shows a sweep: a line for each result, and on a terminal below them one with the time left for all. */
final class SweepScreen implements SweepListener, AutoCloseable {

    private final Console console;
    private List<SweepRun> runs = List.of();
    private Task task;
    private String run = "";
    private boolean running;

    SweepScreen(Console console) {
        this.console = console;
    }

    @Override
    public void note(String message) {
        console.warn(message);
    }

    @Override
    public void begins(List<RunState> all) {
        runs = all.stream().map(RunState::run).toList();
        long finished = all.stream().filter(state -> state.result().isPresent()).count();
        String count = count(all.size(), "run");
        console.note(finished == 0 ? count : count + ", " + count(finished) + " of them finished already");
    }

    @Override
    public void started(SweepRun next) {
        running = true;
        run = "%d/%d %s".formatted(runs.indexOf(next) + 1, runs.size(), describe(next));
    }

    @Override
    public void progress(double done, double total, String doing) {
        if (task == null) {
            task = console.task("sweep", 0, Unit.WORK);
        }
        task.total((long) (1000 * total));
        task.detail(running ? run + ", " + doing : doing);
        task.advanceTo((long) (1000 * done));
    }

    @Override
    public void finished(SweepRun ended, RunResult result) {
        double seconds = result.totalSeconds(); // on whatever machine
        console.note("%s: %s%s, %s", run, percent(result.value()), handWritten(result), duration(seconds));
        running = false;
    }

    /** Formats the result of the first hand-written prompt, which is the data's own template. */
    private static String handWritten(RunResult result) {
        return result.seed() == 0 || result.handWritten().isEmpty()
                ? ""
                : " (hand-written %s)"
                        .formatted(percent(result.handWritten().get(0).value()));
    }

    @Override
    public void failed(SweepRun ended, String message) {
        console.warn(describe(ended) + " failed: " + message);
        running = false;
    }

    static String describe(SweepRun run) {
        String what = run.trainedOn() + " " + run.title();
        if (!run.learns()) {
            return what;
        }
        return "%s, %s, seed %d".formatted(what, Shots.of(run.shots(), true).describe(), run.seed());
    }

    @Override
    public void close() {
        if (task != null) {
            task.close();
            task = null;
        }
    }
}
