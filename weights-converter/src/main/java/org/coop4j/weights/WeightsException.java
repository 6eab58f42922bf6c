package org.coop4j.weights;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * A weights file cannot be used: damaged, hostile, of an unknown form, or not the model wanted.
 *
 * <p>The message names the file, and the tensor where one is to blame, and is meant for the user's
 * eyes. Failures of the disk itself stay plain {@link IOException}s.
 */
public final class WeightsException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    private static final int MAX_MESSAGE = 4_000;

    /** A failure with a message for the user. */
    public WeightsException(String message) {
        super(printable(message));
    }

    /** A failure with a message for the user and what caused it. */
    public WeightsException(String message, Throwable cause) {
        super(printable(message), cause);
    }

    /** Names in hostile files may be long, or hold control sequences meant for a terminal. */
    private static String printable(String message) {
        String cut =
                message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + " …" : message;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    /** A failure in one file: the message is {@code file: problem}. */
    public static WeightsException in(Path file, String problem) {
        return new WeightsException(file + ": " + problem);
    }
}
