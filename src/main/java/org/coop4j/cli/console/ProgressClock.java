package org.coop4j.cli.console;

import java.time.Duration;

/** How far a task has come and how long it has taken; told by one thread, read by another. */
public final class ProgressClock {

    private final Progress.Unit unit;
    private final long start = System.nanoTime();
    private long done;
    private long total;

    public ProgressClock(Progress.Unit unit) {
        this.unit = unit;
    }

    public synchronized void update(long newDone, long newTotal) {
        done = newDone;
        total = newTotal;
    }

    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** What is done, from 0 to 1. */
    public synchronized double share() {
        return total > 0 ? Math.min(1, (double) done / total) : 0;
    }

    /** "44 %, 120 of 270 MB, 31.5 MB/s, 4.8 s left". */
    public synchronized String position() {
        String text = (int) (100 * share()) + " %";
        if (unit.counted()) {
            text += ", %s of %s %s".formatted(scaled(done), scaled(total), unit.label());
        }
        if (done > 0 && done < total) {
            double seconds = elapsed().toNanos() / 1e9 / done * (total - done);
            text += (unit.counted() ? ", " + rate() : "") + ", " + left(seconds) + " left";
        }
        return text;
    }

    /** "2,465 images in 61 s (40.4 images/s)". */
    public synchronized String summary() {
        String time = Numbers.duration(elapsed());
        return unit.counted()
                ? "%s %s in %s (%s)".formatted(scaled(done), unit.label(), time, rate())
                : time;
    }

    private static String left(double seconds) {
        return Numbers.duration(Duration.ofMillis((long) (1000 * seconds)));
    }

    private String scaled(long parts) {
        return Numbers.count(Math.round((double) parts / unit.size()));
    }

    private String rate() {
        double perSecond = done / (double) unit.size() / (elapsed().toNanos() / 1e9);
        return Numbers.rate(perSecond) + " " + unit.label() + "/s";
    }
}
