package org.coop4j.console;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.coop4j.base.CountedTask;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.SafeText;

/**
 * A task on standard error: on a terminal a bar with rate and time left, elsewhere a line now and
 * then; nothing of a task that is over in a moment.
 */
final class TaskDisplay extends CountedTask {

    /** A task that takes less is not worth a bar. */
    private static final Duration PATIENCE = Duration.ofMillis(700);

    private static final Duration REFRESH = Duration.ofMillis(200);

    /** A task that takes less leaves no line behind. */
    private static final Duration WORTH_A_LINE = Duration.ofSeconds(5);

    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(5);

    /** The log of a task of hours has lines less often. */
    private static final int LINES_SO_FAR = 20;

    /** A terminal prints ^C where the cursor is; a line begun by it would upset what stands above. */
    private static final int ROOM_FOR_INTERRUPT = 2;

    private static final int MOST_CELLS = 20;
    private static final int LEAST_CELLS = 5;

    /** A cell filled by 1/8 to 7/8. */
    private static final String EIGHTHS = "\u258f\u258e\u258d\u258c\u258b\u258a\u2589";

    private static final String FULL_CELL = "\u2588";
    private static final boolean UNICODE =
            System.getProperty("native.encoding", "").equalsIgnoreCase("UTF-8");

    private final Console console;
    private final String name;
    private final Progress.Unit unit;
    private final LongSupplier clock;
    private final long start;
    private Duration next;

    /**
     * @param clock nanoseconds since some moment
     */
    TaskDisplay(Console console, String name, long total, Progress.Unit unit, LongSupplier clock) {
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
        Duration elapsed = elapsed();
        if (elapsed.compareTo(next) < 0) {
            return;
        }
        if (console.errorIsTerminal()) {
            next = elapsed.plus(REFRESH);
            console.status(bar(console.width() - ROOM_FOR_INTERRUPT - 1));
        } else {
            next = elapsed.plus(interval(elapsed));
            console.line(name + ": " + position());
        }
    }

    private static Duration interval(Duration elapsed) {
        Duration part = elapsed.dividedBy(LINES_SO_FAR);
        if (part.compareTo(INTERVAL) < 0) {
            return INTERVAL;
        }
        return part.compareTo(LONGEST_INTERVAL) > 0 ? LONGEST_INTERVAL : part;
    }

    @Override
    public void close() {
        console.status("");
        if (elapsed().compareTo(WORTH_A_LINE) > 0) {
            console.line(name + ": " + summary());
        }
    }

    private Duration elapsed() {
        return Duration.ofNanos(clock.getAsLong() - start);
    }

    /** "encoding ███▌ 44 %, 120 of 270 images, 31.5 images/s, 4.8 s left". */
    private String bar(int columns) {
        String position = position();
        int room = columns - name.length() - position.length() - 2;
        String bar = room < LEAST_CELLS ? "" : cells(Math.min(room, MOST_CELLS)) + " ";
        return AlignedLines.cut(SafeText.line(name + " " + bar + position), columns);
    }

    private String cells(int count) {
        int eighths = (int) (share() * count * 8);
        int full = eighths / 8;
        if (!UNICODE) {
            return "#".repeat(full) + ".".repeat(count - full);
        }
        String cells = FULL_CELL.repeat(full);
        if (eighths % 8 > 0) {
            cells += EIGHTHS.charAt(eighths % 8 - 1);
        }
        return cells + " ".repeat(count - cells.length());
    }

    private double share() {
        return total() > 0 ? Math.min(1, (double) done() / total()) : 0;
    }

    /** "44 %, 120 of 270 MB, 31.5 MB/s, 4.8 s left, loss 1.2". */
    String position() {
        boolean counted = unit != Progress.Unit.WORK;
        StringBuilder text = new StringBuilder().append((int) (100 * share())).append(" %");
        if (counted) {
            text.append(", ").append(scaled(done())).append(" of ").append(scaled(total()));
            text.append(' ').append(unit.label());
        }
        if (done() > 0 && done() < total()) {
            Duration left = Duration.ofMillis((long) (elapsed().toMillis() / (double) done() * (total() - done())));
            text.append(counted ? ", " + rate() : "").append(", ");
            text.append(Numbers.duration(left)).append(" left");
        }
        return text.append(detail().isEmpty() ? "" : ", " + detail()).toString();
    }

    /** "2,465 images in 61 s (40.4 images/s)". */
    String summary() {
        String time = Numbers.duration(elapsed());
        return unit == Progress.Unit.WORK
                ? time
                : "%s %s in %s (%s)".formatted(scaled(done()), unit.label(), time, rate());
    }

    private String scaled(long parts) {
        return Numbers.count(Math.round((double) parts / unit.size()));
    }

    private String rate() {
        double perSecond = done() / (double) unit.size() / (elapsed().toNanos() / 1e9);
        return Numbers.rate(perSecond) + " " + unit.label() + "/s";
    }
}
