package org.coop4j.cli.console;

import java.time.Duration;

/**
 * Shows on standard error how far a long task has come: its rate and the time left.
 *
 * <p>A live bar on a terminal, a line now and then elsewhere, nothing when the user asked for quiet
 * or the task is over in a moment. Made for the listeners of the rooms below, which tell what is
 * done and the total:
 *
 * <pre>{@code
 * try (Progress progress = Progress.of(console, "converting", Progress.Unit.BYTES)) {
 *     Converter.convert(source, target, options.withProgress(progress::update));
 * }
 * }</pre>
 *
 * <p>{@link #update} is called by one thread at a time.
 */
public interface Progress extends AutoCloseable {

    /** A task that takes less is not worth a bar. */
    Duration PATIENCE = Duration.ofMillis(700);

    /** A task that takes less leaves no line behind. */
    Duration WORTH_A_LINE = Duration.ofSeconds(5);

    /** What is counted. */
    enum Unit {
        BYTES(1_000_000, "MB"),
        PARAMETERS(1_000_000, "million"),
        IMAGES(1, "images"),
        PROMPTS(1, "prompts"),
        STEPS(1, "steps"),
        RUNS(1, "runs"),
        FOLDERS(1, "folders"),
        FIGURES(1, "figures"),

        /** An estimate, of which only the share is shown. */
        WORK(1, "");

        private final long size;
        private final String label;

        Unit(long size, String label) {
            this.size = size;
            this.label = label;
        }

        /** How many are shown as one. */
        long size() {
            return size;
        }

        String label() {
            return label;
        }

        /** Whether numbers of it mean something to people. */
        boolean counted() {
            return this != WORK;
        }
    }

    /**
     * A task's display.
     *
     * @param task what is done, such as "converting"
     */
    static Progress of(Console console, String task, Unit unit) {
        if (console.quiet()) {
            return new Silent();
        }
        return console.errorIsTerminal()
                ? new ProgressLine(console, task, unit)
                : new ProgressLog(console, task, unit);
    }

    /** {@code done} of {@code total} are done; both in the unit's parts (bytes, not megabytes). */
    void update(long done, long total);

    /** A few words beside the bar, such as a training's loss. */
    void detail(String text);

    /** Takes the display away; a task that took long leaves a line with its time and rate. */
    @Override
    void close();

    /** Shows nothing. */
    final class Silent implements Progress {

        @Override
        public void update(long done, long total) {}

        @Override
        public void detail(String text) {}

        @Override
        public void close() {}
    }
}
