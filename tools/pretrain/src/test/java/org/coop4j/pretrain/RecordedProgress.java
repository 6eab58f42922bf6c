package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Progress;

/** Remembers what was told, and what the last task has come to. */
public class RecordedProgress implements Progress, Progress.Task {

    private final List<String> notes = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<String> tasks = new ArrayList<>();
    private final List<Long> steps = new ArrayList<>();
    private long done;
    private long total;

    @Override
    public void note(String message) {
        notes.add(message);
    }

    @Override
    public void warn(String message) {
        warnings.add(message);
    }

    @Override
    public Task task(String name, long newTotal, Unit unit) {
        tasks.add(name);
        steps.clear();
        done = 0;
        total = newTotal;
        return this;
    }

    @Override
    public void advance(long more) {
        advanceTo(done + more);
    }

    @Override
    public void advanceTo(long newDone) {
        done = newDone;
        steps.add(done);
    }

    @Override
    public void total(long newTotal) {
        total = newTotal;
    }

    @Override
    public void detail(String text) {}

    @Override
    public void close() {}

    /** All notes. */
    public List<String> notes() {
        return notes;
    }

    /** All warnings. */
    public List<String> warnings() {
        return warnings;
    }

    /** The names of all tasks. */
    public List<String> tasks() {
        return tasks;
    }

    /** How far the last task was, each time that it was told. */
    public List<Long> steps() {
        return steps;
    }

    /** The last task's total. */
    public long total() {
        return total;
    }
}
