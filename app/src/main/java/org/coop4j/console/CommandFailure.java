package org.coop4j.console;

/** The work cannot be done; the message is for the user. Ends in exit code 1. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CommandFailure(String message) {
        super(message);
    }
}
