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

    /** A failure with a message for the user. */
    public WeightsException(String message) {
        super(message);
    }

    /** A failure with a message for the user and what caused it. */
    public WeightsException(String message, Throwable cause) {
        super(message, cause);
    }

    /** A failure in one file: the message is {@code file: problem}. */
    public static WeightsException in(Path file, String problem) {
        return new WeightsException(file + ": " + problem);
    }
}
