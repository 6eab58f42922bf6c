package org.coop4j.cli;

/** The work cannot be done; the message is for the user. Ends in exit code 1. */
final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CommandFailure(String message) {
        super(message);
    }
}
