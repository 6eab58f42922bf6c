package org.coop4j.graph.host;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;

/**
 * A fixed team of threads that share one job at a time.
 *
 * <p>A step of the text tower hands out about a thousand jobs of a millisecond or less, so a waiting worker spins for a
 * while before it sleeps. The calling thread is part of the team.
 *
 * <p>A thread does its own share, whose rows may still be in its cache. The caller, done with its own, takes over the
 * shares of threads that have not started: when other processes want the cores too, some thread is always late. One
 * caller at a time: a second one waits.
 */
public final class Workers implements AutoCloseable {

    /** About 50 microseconds of spinning before a worker sleeps. */
    private static final int SPINS = 2_000;

    /** About 25 microseconds before the caller takes over shares that have not started. */
    private static final int PATIENCE = 1_000;

    /** Two cache lines of floats: processors fetch them in pairs. */
    private static final int APART = 32;

    private final Thread[] threads;

    /** True to do all shares on the calling thread. */
    private final boolean inTurn;

    /** The last round in which each share was started. */
    private final AtomicIntegerArray started;

    /** Each share's own memory. */
    private final BytePointer[] scratch;

    private final WeightForms weightForms = new WeightForms();

    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicInteger nextTask = new AtomicInteger();
    private volatile int round;
    private IntConsumer work;
    private volatile boolean closed;

    /** True while the calling thread is in {@link #run}, to detect nested calls. */
    private boolean busy;

    /**
     * @param count number of threads including the caller's, at least 1
     */
    public Workers(int count) {
        this(count, false);
    }

    private Workers(int count, boolean inTurn) {
        if (count < 1) {
            throw new IllegalArgumentException("threads: expected 1 or more, got " + count);
        }
        this.inTurn = inTurn;
        threads = new Thread[count - 1];
        started = new AtomicIntegerArray(count);
        scratch = new BytePointer[count];
    }

    /**
     * Returns a team whose shares the calling thread does one after another: results have the bits of a team of {@code
     * count} threads.
     */
    public static Workers onOneThread(int count) {
        return new Workers(count, true);
    }

    /**
     * Makes as many threads as {@code OMP_NUM_THREADS} says, else {@code OPENBLAS_NUM_THREADS}, else as this process has
     * cores.
     */
    public static Workers standard() {
        String threads = System.getenv("OMP_NUM_THREADS");
        return new Workers(standardCount(threads != null ? threads : System.getenv("OPENBLAS_NUM_THREADS")));
    }

    static int standardCount(String ompThreads) {
        int cores = Runtime.getRuntime().availableProcessors();
        if (ompThreads == null || !ompThreads.matches("[1-9][0-9]{0,3}")) {
            return cores;
        }
        return Integer.parseInt(ompThreads);
    }

    /** Returns the packed weights that the kernels of these workers share. */
    public WeightForms weightForms() {
        return weightForms;
    }

    /** Returns the number of threads, the caller's included. */
    public int count() {
        return threads.length + 1;
    }

    /**
     * Runs every share once, and returns when all are done.
     *
     * @param share does the share of a number from 0 to {@link #count} - 1
     * @throws RuntimeException or Error what the first failing share threw
     * @throws IllegalStateException if the workers are closed, or called from a share
     */
    public void run(IntConsumer share) {
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
                if (inTurn) {
                    runInTurn(share);
                } else {
                    runOnAll(share);
                }
            } finally {
                busy = false;
            }
        }
    }

    private static IllegalStateException nested() {
        return new IllegalStateException("a share of a job cannot hand out work");
    }

    private void runInTurn(IntConsumer share) {
        nextTask.set(0);
        for (int part = 0; part < count(); part++) {
            share.accept(part);
        }
    }

    private synchronized void runOnAll(IntConsumer share) {
        start();
        work = share;
        failure.set(null);
        unfinished.set(count());
        nextTask.set(0);
        round++;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        doShare(0, round);
        for (int spins = 0; unfinished.get() > 0; spins++) {
            if (spins == PATIENCE) {
                for (int part = 1; part < count(); part++) {
                    doShare(part, round);
                }
            }
            Thread.onSpinWait();
        }
        rethrow(failure.get());
    }

    /** Does a share of a round, unless it has been started. */
    private void doShare(int part, int current) {
        // Every share is started in every round, so that a thread of a past round gets none.
        if (started.compareAndSet(part, current - 1, current)) {
            try {
                work.accept(part);
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
            unfinished.decrementAndGet();
        }
    }

    /**
     * Runs every task from 0 to {@code tasks - 1} once; whoever is free takes the next.
     *
     * @throws RuntimeException or Error the first failing task's; its worker does no more
     * @throws IllegalStateException if the workers are closed, or called from a task
     */
    public void each(int tasks, Task task) {
        run(part -> {
            for (int i = nextTask.getAndIncrement(); i < tasks; i = nextTask.getAndIncrement()) {
                task.run(part, i);
            }
        });
    }

    /** One of many tasks. */
    @FunctionalInterface
    public interface Task {

        /**
         * Does task {@code task} as worker {@code part}, which does one task at a time and may have memory of its own.
         */
        void run(int part, int task);
    }

    /**
     * As {@link #run}, for {@code rows} rows split evenly; a share gets rows {@code [from, to)}.
     */
    public void rows(int rows, RowRange range) {
        run(part -> {
            int from = start(rows, part, count());
            int to = start(rows, part + 1, count());
            if (from < to) {
                range.run(part, from, to);
            }
        });
    }

    /**
     * Returns an array of {@code length} or more elements for one worker. No other worker's memory is on its cache lines:
     * short rows in neighbouring arrays would take longer to travel between the cores than to compute.
     */
    public static float[] ownArray(int length) {
        return new float[length + APART];
    }

    /** Returns the first row of part {@code part} of rows split evenly into parts. */
    public static int start(int rows, int part, int parts) {
        return (int) ((long) rows * part / parts);
    }

    /** A range of rows. */
    @FunctionalInterface
    public interface RowRange {

        /**
         * Works on rows {@code from} (inclusive) to {@code to} (exclusive) as worker {@code part}.
         */
        void run(int part, int from, int to);
    }

    /**
     * Returns native memory of worker {@code part}, of any content, for as long as its share runs; freed with the
     * workers.
     */
    public BytePointer scratch(int part, long bytes) {
        BytePointer memory = scratch[part];
        if (memory == null || memory.capacity() < bytes) {
            if (memory != null) {
                memory.close();
            }
            memory = NativeMemory.allocate(bytes);
            scratch[part] = memory;
        }
        return memory;
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
        int seen = 0;
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
            seen = round;
            doShare(part, seen);
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
        for (BytePointer memory : scratch) {
            if (memory != null) {
                memory.close();
            }
        }
    }

    /**
     * Packed copies of frozen weights. A copy is made for the first kernel that needs it, shared with others, and freed
     * with the last.
     */
    public static final class WeightForms {

        private final Map<List<Object>, BytePointer> copies = new HashMap<>();
        private final Map<List<Object>, Integer> users = new HashMap<>();

        /**
         * Returns a copy, which stays until it was given back as often as it was taken.
         *
         * @param key address of the weights, and what is made of them
         * @param make makes the copy if no kernel has it
         */
        public synchronized BytePointer take(List<Object> key, Supplier<BytePointer> make) {
            BytePointer copy = copies.computeIfAbsent(key, k -> make.get());
            users.merge(key, 1, Integer::sum);
            return copy;
        }

        /** Gives a copy back. */
        public synchronized void giveBack(List<Object> key) {
            if (users.merge(key, -1, Integer::sum) == 0) {
                users.remove(key);
                copies.remove(key).close();
            }
        }

        /** Returns the copies in use. */
        public synchronized List<BytePointer> copies() {
            return List.copyOf(copies.values());
        }
    }
}
