package org.coop4j.graph.host;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed team of threads that share one piece of work at a time.
 *
 * <p>A step of the text tower hands out some thousand pieces of a millisecond or less, so a waiting
 * worker spins for a while before it sleeps. The calling thread is part of the team and does a
 * share itself. One caller at a time: a second one waits.
 */
public final class Workers implements AutoCloseable {

    /** A share of a piece of work. */
    @FunctionalInterface
    public interface Share {

        /** Does share {@code part} of {@code parts}. */
        void run(int part, int parts);
    }

    /** About 50 microseconds of spinning before a worker sleeps. */
    private static final int SPINS = 2_000;

    private final Thread[] threads;
    private final AtomicInteger running = new AtomicInteger();
    private volatile long round;
    private volatile Share work;
    private volatile Throwable failure;
    private volatile boolean closed;

    /** Whether the calling thread is in {@link #run}, so that a nested call is seen. */
    private boolean busy;

    /**
     * @param count number of threads including the caller's, at least 1
     */
    public Workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("threads: " + count + ", needed is 1 or more");
        }
        threads = new Thread[count - 1];
    }

    /**
     * As many threads as the processor has cores for this process, or as {@code OMP_NUM_THREADS} or
     * else {@code OPENBLAS_NUM_THREADS} says.
     */
    public static Workers standard() {
        String threads = System.getenv("OMP_NUM_THREADS");
        return new Workers(
                standardCount(threads != null ? threads : System.getenv("OPENBLAS_NUM_THREADS")));
    }

    static int standardCount(String ompThreads) {
        int cores = Runtime.getRuntime().availableProcessors();
        if (ompThreads == null || !ompThreads.matches("[1-9][0-9]{0,3}")) {
            return cores;
        }
        return Integer.parseInt(ompThreads);
    }

    /** Number of threads, the caller's included. */
    public int count() {
        return threads.length + 1;
    }

    /**
     * Runs every share of {@code share} once, and returns when all are done.
     *
     * @throws RuntimeException or Error what a failing share threw, the caller's own before others
     * @throws IllegalStateException if the workers are closed, or called from a share
     */
    public void run(Share share) {
        for (Thread thread : threads) {
            if (Thread.currentThread() == thread) {
                throw nested(); // which would wait for itself
            }
        }
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the workers are closed");
            }
            if (busy) {
                throw nested();
            }
            busy = true;
            try {
                runOnAll(share);
            } finally {
                busy = false;
            }
        }
    }

    private static IllegalStateException nested() {
        return new IllegalStateException("a share of the workers' work cannot hand out work");
    }

    private synchronized void runOnAll(Share share) {
        if (threads.length == 0) {
            share.run(0, 1);
            return;
        }
        start();
        work = share;
        failure = null;
        running.set(threads.length);
        round++;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        Throwable own = null;
        try {
            share.run(0, count());
        } catch (RuntimeException | Error e) {
            own = e;
        }
        while (running.get() > 0) {
            Thread.onSpinWait();
        }
        rethrow(own != null ? own : failure);
    }

    /**
     * As {@link #run}, for {@code rows} rows split evenly; a share gets rows {@code [from, to)}.
     */
    public void rows(int rows, RowRange range) {
        run(
                (part, parts) -> {
                    int from = (int) ((long) rows * part / parts);
                    int to = (int) ((long) rows * (part + 1) / parts);
                    if (from < to) {
                        range.run(part, from, to);
                    }
                });
    }

    /** A range of rows. */
    @FunctionalInterface
    public interface RowRange {

        /**
         * Works on rows {@code from} (inclusive) to {@code to} (exclusive) as share {@code part}.
         */
        void run(int part, int from, int to);
    }

    private void start() {
        for (int i = 0; i < threads.length; i++) {
            if (threads[i] == null) {
                int part = i + 1;
                threads[i] = new Thread(() -> serve(part), "coop4j-worker-" + part);
                threads[i].setDaemon(true);
                threads[i].start();
            }
        }
    }

    private void serve(int part) {
        long seen = 0;
        while (true) {
            int spins = 0;
            while (round == seen) {
                if (closed) {
                    return;
                }
                if (++spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            seen++;
            try {
                work.run(part, count());
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            running.decrementAndGet();
        }
    }

    private static void rethrow(Throwable failure) {
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (failure instanceof Error error) {
            throw error;
        }
    }

    /** Ends the threads; running work is finished first. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Thread thread : threads) {
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }
}
