package org.coop4j.data;

import java.io.IOException;

/** A problem with data on disk; the message is for the user and says what to do. */
public final class DatasetException extends IOException {
    public DatasetException(String message) {
        super(message);
    }

    public DatasetException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Refuses data unless a condition holds.
     *
     * @param message as for {@link String#formatted}, if there are values for it
     */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    public static void require(boolean condition, String message, Object... values) throws DatasetException {
        if (!condition) {
            throw new DatasetException(values.length == 0 ? message : message.formatted(values));
        }
    }
}
