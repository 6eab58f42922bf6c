package org.coop4j.base;

/** An argument that cannot be used; the message says to users what to do about it. */
public class RefusedException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public RefusedException(String message) {
        super(message);
    }
}
