package org.coop4j.cli.console;

import java.time.Duration;

/** Progress as a line now and then, for log files and pipes. */
public final class ProgressLog implements Progress {

    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(5);

    /** The log of a task of hours has lines less often. */
    private static final int LINES_SO_FAR = 20;

    private final Console console;
    private final String task;
    private final ProgressClock clock;
    private Duration next = INTERVAL;
    private String detail = "";

    public ProgressLog(Console console, String task, Unit unit) {
        this.console = console;
        this.task = task;
        this.clock = new ProgressClock(unit);
    }

    @Override
    public void update(long done, long total) {
        clock.update(done, total);
        if (clock.elapsed().compareTo(next) >= 0) {
            next = clock.elapsed().plus(interval());
            String suffix = detail.isEmpty() ? "" : ", " + detail;
            console.note(task + ": " + clock.position() + suffix);
        }
    }

    private Duration interval() {
        Duration part = clock.elapsed().dividedBy(LINES_SO_FAR);
        if (part.compareTo(INTERVAL) < 0) {
            return INTERVAL;
        }
        return part.compareTo(LONGEST_INTERVAL) > 0 ? LONGEST_INTERVAL : part;
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
