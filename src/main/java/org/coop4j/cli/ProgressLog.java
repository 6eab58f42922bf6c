package org.coop4j.cli;

import java.time.Duration;

/** Progress as a line now and then, for log files and pipes. */
final class ProgressLog implements Progress {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final Console console;
    private final String task;
    private final ProgressClock clock;
    private Duration next = INTERVAL;
    private String detail = "";

    ProgressLog(Console console, String task, Unit unit) {
        this.console = console;
        this.task = task;
        this.clock = new ProgressClock(unit);
    }

    @Override
    public void update(long done, long total) {
        clock.update(done, total);
        if (clock.elapsed().compareTo(next) >= 0) {
            next = clock.elapsed().plus(INTERVAL);
            String suffix = detail.isEmpty() ? "" : ", " + detail;
            console.note(task + ": " + clock.position() + suffix);
        }
    }

    @Override
    public void detail(String text) {
        detail = text;
    }

    @Override
    public void close() {
        if (clock.elapsed().compareTo(WORTH_A_LINE) > 0) {
            console.note(task + ": " + clock.summary());
        }
    }
}
