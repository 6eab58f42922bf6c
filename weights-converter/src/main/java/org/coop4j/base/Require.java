package org.coop4j.base;

/** Checks of arguments, each with the message of the {@link IllegalArgumentException} that a wrong one causes. */
public final class Require {

    private static final int LONGEST_NAME = 200;

    private Require() {}

    /**
     * Refuses an argument unless a condition holds.
     *
     * @param message as for {@link String#formatted}, if there are values for it
     */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    public static void that(boolean condition, String message, Object... values) {
        if (!condition) {
            throw new IllegalArgumentException(values.length == 0 ? message : message.formatted(values));
        }
    }

    /** Refuses a missing argument. */
    public static void present(String name, Object value) {
        that(value != null, "%s: expected a value, got null", name);
    }

    /** Refuses a negative number. */
    public static void notNegative(String name, double value) {
        that(value >= 0, "%s: expected 0 or more, got %s", name, Numbers.plain(value));
    }

    /** Refuses a number that is not more than 0. */
    public static void positive(String name, double value) {
        that(value > 0, "%s: expected more than 0, got %s", name, Numbers.plain(value));
    }

    /** Refuses a field of a file that is not between two numbers. */
    public static void between(String field, double value, double least, double most) {
        that(
                value >= least && value <= most,
                "\"%s\": expected %s to %s, got %s",
                field,
                Numbers.plain(least),
                Numbers.plain(most),
                Numbers.plain(value));
    }

    /** Refuses a field of a file that is missing, blank or too long for a name. */
    public static void name(String field, String name) {
        that(
                name != null && !name.isBlank() && name.length() <= LONGEST_NAME,
                "\"%s\": expected 1 to %d characters, not all blank, got %s",
                field,
                LONGEST_NAME,
                name == null ? "none" : Numbers.count(name.length(), "character"));
    }

    /** Refuses a number that is not a fraction of a whole. */
    public static void share(String name, double value) {
        that(value >= 0 && value <= 1, "%s: expected 0 to 1, got %s", name, Numbers.plain(value));
    }
}
