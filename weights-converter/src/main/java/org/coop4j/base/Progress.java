package org.coop4j.base;

/**
 * Shows a user how far long work has come: what a library tells, and a command line displays.
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
 * <p>Called by one thread at a time.
 */
public interface Progress {

    /** Shows nothing. */
    Progress NONE = new Silent();

    /** What a task counts. */
    enum Unit {
        BYTES(1_000_000, "MB"),
        PARAMETERS(1_000_000, "million"),
        IMAGES(1, "images"),
        PROMPTS(1, "prompts"),
        STEPS(1, "steps"),
        FITS(1, "fits"),
        FOLDERS(1, "folders"),

        /** An estimate that means nothing to people but its share. */
        WORK(1, "");

        private final long size;
        private final String label;

        Unit(long size, String label) {
            this.size = size;
            this.label = label;
        }

        /** How many are shown as one. */
        public long size() {
            return size;
        }

        /** What is shown behind the number; empty if the number is not shown. */
        public String label() {
            return label;
        }
    }

    /** Tells something that the user may want to know. */
    void note(String message);

    /** Tells of something that is wrong, while the work goes on. */
    void warn(String message);

    /**
     * Begins a task.
     *
     * @param name what is done, such as "encoding"
     * @param total how much there is to do, in the unit's parts (bytes, not megabytes)
     */
    Task task(String name, long total, Unit unit);

    /** A piece of work with an end. */
    interface Task extends AutoCloseable {

        /** So much more is done. */
        void advance(long more);

        /** So much is done in all. */
        void advanceTo(long done);

        /** There is more to do than was thought, or less. */
        void total(long total);

        /** A few words beside the numbers, such as a training's loss. */
        void detail(String text);

        /** The task is over, or given up. */
        @Override
        void close();
    }

    /** Ignores everything. */
    final class Silent implements Progress, Task {

        private Silent() {}

        @Override
        public void note(String message) {}

        @Override
        public void warn(String message) {}

        @Override
        public Task task(String name, long total, Unit unit) {
            return this;
        }

        @Override
        public void advance(long more) {}

        @Override
        public void advanceTo(long done) {}

        @Override
        public void total(long total) {}

        @Override
        public void detail(String text) {}

        @Override
        public void close() {}
    }
}
