package org.coop4j.studio;

import static org.eclipse.jetty.http.HttpStatus.CONFLICT_409;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.coop4j.base.IoFunction.IoConsumer;
import org.coop4j.base.Log;
import org.coop4j.base.WatchedProgress;
import org.coop4j.console.ProblemText;

/** Work in the background, one piece at a time, whose progress the page shows. Safe for use by several threads. */
final class Background implements Closeable {

    private static final long LONGEST_END = 10_000; // ms

    private final String failed;
    private final Runnable listener;
    private volatile WatchedProgress progress; // null while nothing is done
    private volatile String failure;
    private Thread worker = new Thread(); // at first one that is never started

    /**
     * @param failed what is said of a failure, with %s for the reason
     * @param listener called when there is something new
     */
    Background(String failed, Runnable listener) {
        this.failed = failed;
        this.listener = listener;
    }

    /** Begins a piece, which may say by a {@link StudioProblem} why it failed; refuses it, by {@code busy}, if another one is at work. */
    synchronized void begin(String label, String busy, IoConsumer<WatchedProgress> work) {
        if (progress != null) {
            throw new StudioProblem(CONFLICT_409, busy);
        }
        failure = null;
        WatchedProgress now = new WatchedProgress(listener);
        now.begin(label);
        progress = now;
        worker = new Thread(() -> run(work, now), "coop4j-background");
        worker.setDaemon(true);
        worker.start();
    }

    private void run(IoConsumer<WatchedProgress> work, WatchedProgress now) {
        try {
            work.accept(now);
        } catch (CancellationException e) {
            Log.of(Background.class).info("{} was stopped", now.label());
        } catch (StudioProblem e) {
            failure = e.getMessage();
        } catch (IOException | RuntimeException e) {
            Log.of(Background.class).warn("{} failed", now.label(), e);
            failure = failed.formatted(ProblemText.of(e));
        } finally {
            progress = null;
            listener.run();
        }
    }

    /** Returns the progress of the work; null if there is none. */
    WatchedProgress progress() {
        return progress;
    }

    /** Returns why the latest piece failed, or null. */
    String failure() {
        return failure;
    }

    void cancel() {
        WatchedProgress now = progress;
        if (now != null) {
            now.cancel();
        }
    }

    @Override
    public synchronized void close() {
        cancel();
        end(worker);
    }

    /** Waits for a thread that was told to end. */
    static void end(Thread thread) {
        try {
            thread.join(LONGEST_END);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
