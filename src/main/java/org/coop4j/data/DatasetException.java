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
}
