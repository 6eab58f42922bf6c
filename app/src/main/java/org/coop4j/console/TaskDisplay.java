package org.coop4j.console;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.duration;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress.CountedTask;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.SafeText;

/**
 * A task on standard error: a bar with rate and time left on a terminal, a line now and then elsewhere, nothing for a
 * task that is over in a moment.
 */
final class TaskDisplay extends CountedTask {

    /** Milliseconds before the first bar. */
    private static final long PATIENCE = 700;

    private static final long REFRESH = 200;

    /** Milliseconds of a task that leaves a line behind. */
    private static final long WORTH_A_LINE = 5_000;

    private static final long INTERVAL = 10_000;
    private static final long LONGEST_INTERVAL = 300_000;

    /** Lines of a log so far after which the interval grows with the task. */
    private static final int LINES_SO_FAR = 20;

    /** Columns left free for the ^C that a terminal prints at the cursor. */
    private static final int ROOM_FOR_INTERRUPT = 2;

    private static final int MOST_CELLS = 20;
    private static final int LEAST_CELLS = 5;

    private static final boolean UNICODE =
            System.getProperty("native.encoding", "").equalsIgnoreCase("UTF-8");

    private final Console console;
    private final String name;
    private final Unit unit;
    private final LongSupplier clock;
    private final long start;
    private long next;

    /** Takes a clock in nanoseconds. */
    TaskDisplay(Console console, String name, long total, Unit unit, LongSupplier clock) {
        super(total);
        this.console = console;
        this.name = name;
        this.unit = unit;
        this.clock = clock;
        this.start = clock.getAsLong();
        this.next = console.errorIsTerminal() ? PATIENCE : INTERVAL;
    }

    @Override
    protected void advanced(long more) {
        show();
    }

    @Override
    public void detail(String text) {
        super.detail(text);
        show();
    }

    private void show() {
        long elapsed = elapsed();
        if (elapsed < next) {
            return;
        }
        if (console.errorIsTerminal()) {
            next = elapsed + REFRESH;
            console.status(bar(console.width() - ROOM_FOR_INTERRUPT - 1));
        } else {
            next = elapsed + Math.max(INTERVAL, Math.min(LONGEST_INTERVAL, elapsed / LINES_SO_FAR));
            console.line(name + ": " + position());
        }
    }

    @Override
    public void close() {
        console.status("");
        if (elapsed() > WORTH_A_LINE) {
            console.line(name + ": " + summary());
        }
    }

    /** Returns the milliseconds since the start. */
    private long elapsed() {
        return (clock.getAsLong() - start) / 1_000_000;
    }

    /** Returns "encoding ███▌ 44 %, 120 of 270 images, 31.5 images/s, 4.8 s left". */
    private String bar(int columns) {
        String position = position();
        int room = columns - name.length() - position.length() - 2;
        String bar = room < LEAST_CELLS ? "" : cells(Math.min(room, MOST_CELLS)) + " ";
        return AlignedLines.cut(SafeText.line(name + " " + bar + position), columns);
    }

    private String cells(int count) {
        int eighths = (int) (share() * count * 8);
        if (!UNICODE) {
            return "#".repeat(eighths / 8) + ".".repeat(count - eighths / 8);
        }
        String cells = "█".repeat(eighths / 8) + " ▏▎▍▌▋▊▉".charAt(eighths % 8) + " ".repeat(count);
        return cells.substring(0, count);
    }

    private double share() {
        return total() > 0 ? Math.min(1, (double) done() / total()) : 0;
    }

    /** Returns "44 %, 120 of 270 MB, 31.5 MB/s, 4.8 s left, loss 1.2". */
    String position() {
        boolean counted = unit != Unit.WORK;
        StringBuilder text = new StringBuilder().append((int) (100 * share())).append(" %");
        if (counted) {
            text.append(", %s of %s %s".formatted(scaled(done()), scaled(total()), unit.label()));
        }
        if (done() > 0 && done() < total()) {
            long left = (long) (elapsed() / (double) done() * (total() - done()));
            text.append(counted ? ", " + rate() : "").append(", ");
            text.append(duration(Duration.ofMillis(left))).append(" left");
        }
        return text.append(detail().isEmpty() ? "" : ", " + detail()).toString();
    }

    /** Returns "2,465 images in 61 s (40.4 images/s)". */
    private String summary() {
        String time = duration(Duration.ofMillis(elapsed()));
        return unit == Unit.WORK
                ? time
                : "%s %s in %s (%s)"
                        .formatted(
                                scaled(done()),
                                done() == 1 ? unit.label().replaceFirst("s$", "") : unit.label(),
                                time,
                                rate());
    }

    private String scaled(long parts) {
        return count(Math.round((double) parts / unit.size()));
    }

    private String rate() {
        return Numbers.rate(done() / (double) unit.size() / (elapsed() / 1e3)) + " " + unit.label() + "/s";
    }
}
