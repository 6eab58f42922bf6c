package org.coop4j.console;

import java.util.function.Supplier;

/** Options that make no sense, with a message for the user; exit code 2. */
public final class WrongUsage extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public WrongUsage(String message) {
        super(message);
    }

    /** Requires that options make sense together. */
    public static void require(boolean sensible, String message) {
        if (!sensible) {
            throw new WrongUsage(message);
        }
    }

    /** Makes something of options; turns an {@link IllegalArgumentException} into wrong usage. */
    public static <T> T unless(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new WrongUsage(e.getMessage());
        }
    }
}
