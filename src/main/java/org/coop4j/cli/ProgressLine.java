package org.coop4j.cli;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress as a live bar at the bottom of the terminal. */
final class ProgressLine implements Progress {

    private static final int REFRESH_MILLIS = 200;

    private final Console console;
    private final String task;
    private final Unit unit;
    private final ProgressClock clock;
    private ProgressBar bar;
    private String detail = "";

    ProgressLine(Console console, String task, Unit unit) {
        this.console = console;
        this.task = task;
        this.unit = unit;
        this.clock = new ProgressClock(unit);
    }

    @Override
    public void update(long done, long total) {
        clock.update(done, total);
        if (bar == null && clock.elapsed().compareTo(PATIENCE) > 0) {
            bar = newBar(total);
            bar.setExtraMessage(detail);
        }
        if (bar != null) {
            bar.maxHint(total);
            bar.stepTo(done);
        }
    }

    private ProgressBar newBar(long total) {
        DecimalFormat speed =
                new DecimalFormat("#,##0.0", DecimalFormatSymbols.getInstance(Locale.ROOT));
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(" " + unit.label(), unit.size())
                .setStyle(style())
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .startsFrom(0, clock.elapsed())
                .showSpeed(speed)
                .setConsumer(new StatusLine())
                .clearDisplayOnFinish()
                .build();
    }

    private static ProgressBarStyle style() {
        boolean unicode = System.getProperty("native.encoding", "").equalsIgnoreCase("UTF-8");
        return unicode ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII;
    }

    @Override
    public void detail(String text) {
        detail = text;
        if (bar != null) {
            bar.setExtraMessage(text);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            console.status("");
        }
        if (clock.elapsed().compareTo(WORTH_A_LINE) > 0) {
            console.note(task + ": " + clock.summary());
        }
    }

    /** Takes the bar's text, from the bar's own thread. */
    private final class StatusLine implements ProgressBarConsumer {

        @Override
        public int getMaxRenderedLength() {
            return console.width() - 1;
        }

        @Override
        public void accept(String rendered) {
            console.status(rendered.strip());
        }

        @Override
        public void clear() {
            console.status("");
        }

        @Override
        public void close() {
            console.status("");
        }
    }
}
