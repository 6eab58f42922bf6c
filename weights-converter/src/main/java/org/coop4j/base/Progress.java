package org.coop4j.base;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Progress of long work, which a library reports and a command line displays.
 *
 * <pre>{@code
 * try (Progress.Task task = progress.task("encoding", images.size(), Progress.Unit.IMAGES)) {
 *     for (Path image : images) {
 *         encode(image);
 *         task.advance(1);
 *     }
 * }
 * }</pre>
 *
 * <p>Called by one thread at a time. The methods do nothing unless they are overridden.
 */
public interface Progress {

    /** Shows nothing. */
    Progress NONE = new Progress() {};

    /** The unit that a task counts. */
    enum Unit {
        BYTES(1_000_000, "MB"),
        PARAMETERS(1_000_000, "million"),
        IMAGES(1, "images"),
        PROMPTS(1, "prompts"),
        STEPS(1, "steps"),
        FITS(1, "fits"),
        PASSES(1, "passes"),
        FOLDERS(1, "folders"),

        /** An estimate with the fraction done alone. */
        WORK(1, "");

        private final long size;
        private final String label;

        Unit(long size, String label) {
            this.size = size;
            this.label = label;
        }

        /** Returns the number of parts in a displayed unit, such as bytes per megabyte. */
        public long size() {
            return size;
        }

        /** Returns the label after the number; empty if the number is not shown. */
        public String label() {
            return label;
        }
    }

    /** Reports something of interest to the user. */
    default void note(String message) {}

    /** Reports a problem that does not stop the work. */
    default void warn(String message) {}

    /**
     * Begins a task.
     *
     * @param name of the activity, such as "encoding"
     * @param total amount of work in the unit's parts (bytes, not megabytes)
     */
    default Task task(String name, long total, Unit unit) {
        return new Task() {};
    }

    /** Returns a progress that shows each warning once, all sharing the warnings that were shown. */
    static Progress once(Progress progress, Set<String> shown) {
        return progress instanceof Filtered ? progress : new Filtered(progress, shown::add);
    }

    /** Returns a progress that also adds each warning to a list. */
    static Progress recording(Progress progress, List<String> warnings) {
        return new Filtered(progress, warning -> warnings.contains(warning) || warnings.add(warning));
    }

    /** A progress that shows the warnings that pass a filter. */
    record Filtered(Progress progress, Predicate<String> passes) implements Progress {

        @Override
        public void note(String message) {
            progress.note(message);
        }

        @Override
        public void warn(String message) {
            if (passes.test(message)) {
                progress.warn(message);
            }
        }

        @Override
        public Task task(String name, long total, Unit unit) {
            return progress.task(name, total, unit);
        }
    }

    /** A piece of work with a known amount. */
    interface Task extends AutoCloseable {

        /** Adds to the amount done. */
        default void advance(long more) {}

        /** Sets the amount done. */
        default void advanceTo(long done) {}

        /** Corrects the total amount. */
        default void total(long total) {}

        /** Sets a few words beside the numbers, such as a training's loss. */
        default void detail(String text) {}

        /** Ends the task, finished or not. */
        @Override
        default void close() {}
    }

    /** A task that counts the amount done. */
    abstract class CountedTask implements Task {

        private long total;
        private long done;
        private String detail = "";

        protected CountedTask(long total) {
            this.total = total;
        }

        /** Returns the amount done. */
        public final long done() {
            return done;
        }

        /** Returns the total amount. */
        public final long total() {
            return total;
        }

        /** Returns words beside the numbers; initially empty. */
        public final String detail() {
            return detail;
        }

        /** Called when {@code more} was added to the amount done. */
        protected abstract void advanced(long more);

        @Override
        public final void advance(long more) {
            advanceTo(done + more);
        }

        @Override
        public final void advanceTo(long newDone) {
            long before = done;
            done = newDone;
            advanced(newDone - before);
        }

        @Override
        public final void total(long newTotal) {
            total = newTotal;
        }

        @Override
        public void detail(String text) {
            detail = text;
        }
    }
}
