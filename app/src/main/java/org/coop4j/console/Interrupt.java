package org.coop4j.console;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

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
        /** True for the end, false for SIGHUP. */
        private final BlockingQueue<Boolean> signals = new LinkedBlockingQueue<>();

        private final Semaphore ended = new Semaphore(0);
        private volatile int exitCode = 1;
        private final Interrupt hook = new Interrupt(this::end);

        private void end() {
            signals.add(true);
            ended.acquireUninterruptibly();
            Runtime.getRuntime().halt(exitCode); // an exit would report the signal
        }

        /** Waits for the signal. */
        public void await() {
            await(Duration.ofDays(1), () -> {});
        }

        /** Does some work after each pause, and at once after SIGHUP, until the signal. */
        public void await(Duration pause, Runnable work) {
            try {
                while (!Boolean.TRUE.equals(signals.poll(pause.toNanos(), TimeUnit.NANOSECONDS))) {
                    work.run();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** Lets SIGHUP no longer end the process; systems without it have no such signal. */
        public void takeHangup() {
            try { // by reflection, since javac warns of the JDK's own classes
                Class<?> handler = Class.forName("sun.misc.SignalHandler");
                Class<?> signal = Class.forName("sun.misc.Signal");
                Object add = Proxy.newProxyInstance(
                        Termination.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                            signals.add(false);
                            return null;
                        });
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), add);
            } catch (ReflectiveOperationException e) {
                // Windows, or a Java without them: files are looked at after each pause all the same
            }
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
