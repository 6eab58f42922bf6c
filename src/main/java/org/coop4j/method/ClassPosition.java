package org.coop4j.method;

import java.util.Locale;

/** Where the class name stands in a learned prompt (CoOp, section 3.2). */
public enum ClassPosition {
    /** Behind the context: the reference's default. */
    END,
    /** Between its first ⌊M/2⌋ vectors and the others. */
    MIDDLE,
    /** In front of the context. */
    FRONT;

    /** The name in files and on the command line, such as {@code end}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The position named {@code id}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ClassPosition named(String id) {
        for (ClassPosition position : values()) {
            if (position.id().equals(id)) {
                return position;
            }
        }
        throw new IllegalArgumentException(
                "class position \"" + id + "\": choose end, middle or front");
    }
}
