package org.coop4j.graph.host;

/** ND4J's backend cannot compute on this machine; the message is for the user. */
public final class BackendException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    public BackendException(String message) {
        super(message);
    }

    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
