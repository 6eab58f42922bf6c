package org.coop4j;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.Progress;

/** Keeps what it is told. */
public class ProgressRecorder implements Progress {

    /** Notes and warnings. */
    public final List<String> notes = new ArrayList<>();

    public final List<String> warnings = new ArrayList<>();

    public final List<Recorded> tasks = new ArrayList<>();

    /** A task and how far it has come. */
    public final class Recorded implements Task {

        public final String name;
        public final Unit unit;
        public long total;
        public long done;
        public String detail = "";
        public boolean closed;

        private Recorded(String name, long total, Unit unit) {
            this.name = name;
            this.total = total;
            this.unit = unit;
        }

        @Override
        public void advance(long more) {
            advanceTo(done + more);
        }

        @Override
        public void advanceTo(long newDone) {
            if (newDone < done || newDone > total) {
                throw new AssertionError(newDone + " after " + done + " of " + total);
            }
            boolean moved = newDone > done;
            done = newDone;
            if (moved) {
                advanced(this);
            }
        }

        @Override
        public void total(long newTotal) {
            total = newTotal;
        }

        @Override
        public void detail(String text) {
            detail = text;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** More of a task is done. */
    protected void advanced(Recorded task) {}

    /** The tasks that count this. */
    public List<Recorded> tasks(Unit unit) {
        return tasks.stream().filter(task -> task.unit == unit).toList();
    }

    @Override
    public void note(String message) {
        notes.add(message);
    }

    @Override
    public void warn(String message) {
        notes.add(message);
        warnings.add(message);
    }

    @Override
    public Task task(String name, long total, Unit unit) {
        Recorded task = new Recorded(name, total, unit);
        tasks.add(task);
        return task;
    }
}
