package org.coop4j.base;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * A file, folder or address given by the user cannot be used: it is missing, damaged, hostile or of an unknown form.
 *
 * <p>The message, meant for the user, names it and the problem. Failures of the disk itself are plain {@link
 * IOException}s.
 */
public final class InputException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MAX_MESSAGE = 4_000;

    /** Makes a failure with a message for the user. */
    public InputException(String message) {
        super(printable(message));
    }

    /** Makes a failure with a message for the user and its cause. */
    public InputException(String message, Throwable cause) {
        super(printable(message), cause);
    }

    /**
     * Refuses what the user gave unless a condition holds.
     *
     * @param message as for {@link String#formatted}, if there are values for it
     */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    public static void require(boolean condition, String message, Object... values) throws InputException {
        if (!condition) {
            throw new InputException(values.length == 0 ? message : message.formatted(values));
        }
    }

    /** Shortens the message and replaces control characters: names in hostile files may contain terminal sequences. */
    private static String printable(String message) {
        String cut = message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + " …" : message;
        return cut.replaceAll("[\\p{Cntrl}\\x80-\\x9f]", "?");
    }

    /** Returns the reason that a file cannot be opened, without the name that the system's own exceptions repeat. */
    public static String reason(IOException problem) {
        return problem instanceof InputException
                ? problem.getMessage()
                : problem.getClass().getSimpleName();
    }

    /** Makes a failure in one file, with the message {@code file: problem}. */
    public static InputException in(Path file, String problem) {
        return new InputException(file + ": " + problem);
    }
}
