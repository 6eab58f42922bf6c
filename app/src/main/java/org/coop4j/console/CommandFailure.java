package org.coop4j.console;

import java.io.IOException;
import org.coop4j.base.IoFunction.IoSupplier;

/** Work that cannot be done, with a message for the user; exit code 1. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CommandFailure(String message) {
        super(message);
    }

    /**
     * Requires that the work can be done.
     *
     * @param message as for {@link String#formatted}, if there are values for it
     */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    public static void require(boolean possible, String message, Object... values) {
        if (!possible) {
            throw new CommandFailure(values.length == 0 ? message : message.formatted(values));
        }
    }

    /** Does some work; turns an {@link IllegalArgumentException} into a failure. */
    public static <T> T unless(IoSupplier<T> work) throws IOException {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
    }
}
