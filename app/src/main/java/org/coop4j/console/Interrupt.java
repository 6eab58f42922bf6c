package org.coop4j.console;

import java.util.concurrent.CountDownLatch;

/** While it is open, a process that is interrupted (Ctrl-C) says a few words more. */
public final class Interrupt implements AutoCloseable {

    /** What those commands say that have an option to go on. */
    public static final String RESUME = "stopped; to resume, repeat the command with --resume";

    private final Thread hook;

    /** Says a line on standard error. */
    public Interrupt(Console console, String message) {
        this(() -> {
            console.status("");
            console.warn(message);
        });
    }

    /**
     * @param words runs while the process ends
     */
    public Interrupt(Runnable words) {
        hook = new Thread(words, "coop-interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the words are said.
        }
    }

    /**
     * The orderly end of a command that runs until SIGTERM or Ctrl-C: the signal ends its wait, and the
     * process ends when the command has closed what it had open, with exit code 0 if it succeeded.
     */
    public static final class Termination implements AutoCloseable {
        private final CountDownLatch signal = new CountDownLatch(1);
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile int exitCode = 1;
        private final Interrupt hook = new Interrupt(this::end);

        private void end() {
            signal.countDown();
            awaitUninterruptibly(ended);
            Runtime.getRuntime().halt(exitCode); // an exit would report the signal
        }

        /** Waits for the signal. */
        public void await() {
            awaitUninterruptibly(signal);
        }

        private static void awaitUninterruptibly(CountDownLatch latch) {
            boolean interrupted = false;
            while (true) {
                try {
                    latch.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** The work was ended in order. */
        public void succeed() {
            exitCode = 0;
        }

        /** Lets the process end; without a signal, nothing has happened. */
        @Override
        public void close() {
            ended.countDown();
            hook.close();
        }
    }
}
