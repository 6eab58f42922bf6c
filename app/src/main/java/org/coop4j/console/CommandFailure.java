package org.coop4j.console;

/** Work that cannot be done, with a message for the user; exit code 1. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CommandFailure(String message) {
        super(message);
    }
}
