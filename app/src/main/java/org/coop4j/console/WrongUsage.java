package org.coop4j.console;

import java.util.function.Supplier;

/** Options that make no sense, with a message for the user; exit code 2. */
public final class WrongUsage extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public WrongUsage(String message) {
        super(message);
    }

    /**
     * Requires that options make sense together.
     *
     * @param message as for {@link String#formatted}, if there are values for it
     */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    public static void require(boolean sensible, String message, Object... values) {
        if (!sensible) {
            throw new WrongUsage(values.length == 0 ? message : message.formatted(values));
        }
    }

    /** Checks options; turns an {@link IllegalArgumentException} into wrong usage. */
    public static void unless(Runnable check) {
        unless(() -> {
            check.run();
            return null;
        });
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
