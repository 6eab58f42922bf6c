package org.coop4j.data;

import java.io.IOException;

/** The data on disk are not what a dataset needs; the message says what to do about it. */
public final class DatasetException extends IOException {
    /** Makes an exception whose message is meant for the user. */
    public DatasetException(String message) {
        super(message);
    }

    /** Makes an exception whose message is meant for the user, keeping what caused it. */
    public DatasetException(String message, Throwable cause) {
        super(message, cause);
    }
}
