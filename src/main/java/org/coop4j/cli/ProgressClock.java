package org.coop4j.cli;

import java.time.Duration;

/** How far a task has come and how long it has taken. */
final class ProgressClock {

    private final Progress.Unit unit;
    private final long start = System.nanoTime();
    private long done;
    private long total;

    ProgressClock(Progress.Unit unit) {
        this.unit = unit;
    }

    void update(long newDone, long newTotal) {
        done = newDone;
        total = newTotal;
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** "120 of 270 MB (44 %), 31.5 MB/s, 4.8 s left". */
    String position() {
        String text = "%s of %s %s".formatted(scaled(done), scaled(total), unit.label());
        if (total > 0) {
            text += " (" + 100 * done / total + " %)";
        }
        if (done > 0 && done < total) {
            double seconds = elapsed().toNanos() / 1e9 / done * (total - done);
            text += ", " + rate() + ", " + left(seconds) + " left";
        }
        return text;
    }

    /** "2,465 images in 61 s (40.4 images/s)". */
    String summary() {
        return "%s %s in %s (%s)"
                .formatted(scaled(done), unit.label(), Numbers.duration(elapsed()), rate());
    }

    private static String left(double seconds) {
        return Numbers.duration(Duration.ofSeconds(Math.max(1, Math.round(seconds))));
    }

    private String scaled(long parts) {
        return Numbers.count(Math.round((double) parts / unit.size()));
    }

    private String rate() {
        double perSecond = done / (double) unit.size() / (elapsed().toNanos() / 1e9);
        return Numbers.rate(perSecond) + " " + unit.label() + "/s";
    }
}
