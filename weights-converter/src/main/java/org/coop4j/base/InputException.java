package org.coop4j.base;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * A file, folder or address that the user named cannot be used: missing, damaged, hostile, of an unknown form.
 *
 * <p>The message names it and what is wrong with it, and is meant for the user's eyes. Failures of the disk itself stay plain {@link IOException}s.
 */
public final class InputException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MAX_MESSAGE = 4_000;

    /** A failure with a message for the user. */
    public InputException(String message) {
        super(printable(message));
    }

    /** A failure with a message for the user and what caused it. */
    public InputException(String message, Throwable cause) {
        super(printable(message), cause);
    }

    /** Names in hostile files may be long, or hold control sequences meant for a terminal. */
    private static String printable(String message) {
        String cut = message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + " …" : message;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    /** A failure in one file: the message is {@code file: problem}. */
    public static InputException in(Path file, String problem) {
        return new InputException(file + ": " + problem);
    }
}
