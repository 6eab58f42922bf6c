package org.coop4j.base;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Progress.CountedTask;

/** Keeps what it is told. */
public class ProgressRecorder implements Progress {

    /** Notes and warnings. */
    public final List<String> notes = new ArrayList<>();

    public final List<String> warnings = new ArrayList<>();

    public final List<Recorded> tasks = new ArrayList<>();

    /** A task and how far it has come. */
    public final class Recorded extends CountedTask {

        public final String name;
        public final Unit unit;
        public boolean closed;

        private Recorded(String name, long total, Unit unit) {
            super(total);
            this.name = name;
            this.unit = unit;
        }

        @Override
        protected void advanced(long more) {
            if (more < 0 || done() > total()) {
                throw new AssertionError(more + " more: " + done() + " of " + total());
            }
            if (more > 0) {
                ProgressRecorder.this.advanced(this);
            }
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
