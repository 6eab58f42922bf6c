package org.coop4j.console;

/** While it is open, a process that is interrupted (Ctrl-C) says a few words more. */
public final class Interrupt implements AutoCloseable {

    /** What those commands say that have an option to go on. */
    public static final String RESUME = "stopped; to resume, repeat the command with --resume";

    private final Thread hook;

    /** Says a line on standard error. */
    public Interrupt(Console console, String message) {
        this(
                () -> {
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
}
