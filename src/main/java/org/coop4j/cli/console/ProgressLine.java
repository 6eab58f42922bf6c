package org.coop4j.cli.console;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressState;

/** Progress as a live bar at the bottom of the terminal. */
public final class ProgressLine implements Progress {

    /** A terminal prints ^C where the cursor is; a line begun by it would upset the board above. */
    private static final int ROOM_FOR_INTERRUPT = 2;

    private static final int REFRESH_MILLIS = 200;
    private static final int MOST_CELLS = 20;
    private static final int LEAST_CELLS = 5;

    /** A cell filled by 1/8 to 7/8. */
    private static final String EIGHTHS = "\u258f\u258e\u258d\u258c\u258b\u258a\u2589";

    private static final char FULL_CELL = '\u2588';

    private final Console console;
    private final String task;
    private final ProgressClock clock;
    private final boolean unicode =
            System.getProperty("native.encoding", "").equalsIgnoreCase("UTF-8");
    private ProgressBar bar;
    private volatile String detail = "";

    public ProgressLine(Console console, String task, Unit unit) {
        this.console = console;
        this.task = task;
        this.clock = new ProgressClock(unit);
    }

    @Override
    public void update(long done, long total) {
        clock.update(done, total);
        if (bar == null && clock.elapsed().compareTo(PATIENCE) > 0) {
            bar =
                    new ProgressBarBuilder()
                            .setInitialMax(total)
                            .setUpdateIntervalMillis(REFRESH_MILLIS)
                            .setRenderer(new Renderer())
                            .setConsumer(new StatusLine())
                            .clearDisplayOnFinish()
                            .continuousUpdate() // a detail may change before the number does
                            .build();
        }
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    @Override
    public void detail(String text) {
        detail = text;
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

    /** "encoding ███▌ 44 %, 120 of 270 images, 31.5 images/s, 4.8 s left". */
    private final class Renderer implements ProgressBarRenderer {

        @Override
        public String render(ProgressState state, int maxLength) {
            String text = clock.position() + (detail.isEmpty() ? "" : ", " + detail);
            int room = maxLength - task.length() - text.length() - 2;
            String bar = room < LEAST_CELLS ? "" : cells(Math.min(room, MOST_CELLS)) + " ";
            String line = task + " " + bar + text;
            return line.length() <= maxLength ? line : line.substring(0, maxLength);
        }

        private String cells(int count) {
            int eighths = (int) (clock.share() * count * 8);
            int full = eighths / 8;
            if (!unicode) {
                return "#".repeat(full) + ".".repeat(count - full);
            }
            String cells = String.valueOf(FULL_CELL).repeat(full);
            if (eighths % 8 > 0) {
                cells += EIGHTHS.charAt(eighths % 8 - 1);
            }
            return cells + " ".repeat(count - cells.length());
        }
    }

    /** Takes the bar's text, from the bar's own thread. */
    private final class StatusLine implements ProgressBarConsumer {

        @Override
        public int getMaxRenderedLength() {
            return console.width() - ROOM_FOR_INTERRUPT - 1;
        }

        @Override
        public void accept(String rendered) {
            console.status(rendered);
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
