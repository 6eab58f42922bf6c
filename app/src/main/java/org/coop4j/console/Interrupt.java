package org.coop4j.console;

import java.util.concurrent.Semaphore;

/** A last message of a process that is interrupted (Ctrl-C) while this is open. */
public final class Interrupt implements AutoCloseable {

    /** Message of commands that can be resumed. */
    public static final String RESUME = "stopped; to resume, repeat the command with --resume";

    private final Thread hook;

    /** Prints a line on standard error. */
    public Interrupt(Console console, String message) {
        this(() -> {
            console.status("");
            console.warn(message);
        });
    }

    /** Runs some code while the process ends. */
    public Interrupt(Runnable ending) {
        hook = new Thread(ending, "coop-interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the message is out.
        }
    }

    /**
     * The orderly end of a command that runs until SIGTERM or Ctrl-C: the signal ends its wait, and the
     * process ends when the command has closed what it had open, with exit code 0 if it succeeded.
     */
    public static final class Termination implements AutoCloseable {
        private final Semaphore signal = new Semaphore(0);
        private final Semaphore ended = new Semaphore(0);
        private volatile int exitCode = 1;
        private final Interrupt hook = new Interrupt(this::end);

        private void end() {
            signal.release();
            ended.acquireUninterruptibly();
            Runtime.getRuntime().halt(exitCode); // an exit would report the signal
        }

        /** Waits for the signal. */
        public void await() {
            signal.acquireUninterruptibly();
        }

        /** Notes that the work has ended in order. */
        public void succeed() {
            exitCode = 0;
        }

        /** Lets the process end; does nothing without a signal. */
        @Override
        public void close() {
            ended.release();
            hook.close();
        }
    }
}
