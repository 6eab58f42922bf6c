package org.coop4j.demo;

import org.coop4j.base.CountedTask;
import org.coop4j.base.Progress;

/**
 * Counts the steps of one of the demo's training runs among those of all. Its pictures are encoded
 * before, and its samples are never short.
 *
 * @param all the steps of all runs
 * @param what which run it is
 */
record DemoTraining(Progress.Task all, String what) implements Progress {

    @Override
    public void note(String message) {}

    @Override
    public void warn(String message) {}

    @Override
    public Task task(String name, long total, Unit unit) {
        return unit == Unit.STEPS ? new Part(total) : NONE.task(name, total, unit);
    }

    private final class Part extends CountedTask {

        Part(long total) {
            super(total);
        }

        @Override
        protected void advanced(long more) {
            all.advance(more);
        }

        @Override
        public void detail(String text) {
            all.detail(what + ", " + text);
        }
    }
}
