package org.coop4j.base;

import java.util.concurrent.CancellationException;

/** Progress that others ask for, and that ends the work when it is cancelled. Safe for use by several threads. */
public class WatchedProgress implements Progress {

    private static final double NANOS = 1e9;
    private static final double TOO_EARLY = 0.02;

    private final Runnable listener;
    private volatile long began;
    private volatile boolean cancelled;
    private volatile double done;
    private volatile String label = "";

    /**
     * @param listener called when there is something new
     */
    public WatchedProgress(Runnable listener) {
        this.listener = listener;
    }

    /** Returns what is being done. */
    public final String label() {
        return label;
    }

    /** Returns the fraction that is done of it. */
    public final double done() {
        return done;
    }

    /** Returns the seconds until it is done; null if it is too early to say. */
    public final Integer secondsLeft() {
        double seconds = (System.nanoTime() - began) / NANOS;
        return done < TOO_EARLY ? null : (int) Math.ceil(seconds * (1 - done) / done);
    }

    /** Has the work end at the next report, by a {@link CancellationException}. */
    public final void cancel() {
        cancelled = true;
    }

    /** Begins something. */
    public final void begin(String what) {
        label = what;
        began = System.nanoTime();
        proceed(0);
    }

    /** Reports the fraction that is done. */
    public final void proceed(double fraction) {
        done = fraction;
        if (cancelled) {
            throw new CancellationException();
        }
        listener.run();
    }

    @Override
    public void note(String message) {
        proceed(done);
    }

    @Override
    public Task task(String name, long total, Unit unit) {
        begin(name);
        return new CountedTask(total) {
            @Override
            protected void advanced(long more) {
                proceed(total() == 0 ? 0 : (double) done() / total());
            }
        };
    }
}
