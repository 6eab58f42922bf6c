package org.coop4j.image;

import java.io.IOException;

/** A file that is not an image of a known format, damaged, or too large; the message names it. */
public final class ImageException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String problem;

    ImageException(String message) {
        this(message, "");
    }

    /**
     * @param problem begins the message
     * @param advice ends it, with sizes of this machine
     */
    ImageException(String problem, String advice) {
        super(problem + advice);
        this.problem = problem;
    }

    ImageException(String message, Throwable cause) {
        super(message, cause);
        this.problem = message;
    }

    /** Returns the message without sizes of this machine. */
    public String problem() {
        return problem;
    }
}
