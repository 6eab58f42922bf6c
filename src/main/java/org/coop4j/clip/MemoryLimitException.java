package org.coop4j.clip;

import java.util.Locale;

/** A step cannot be done in the memory that it may take; the message is for the user. */
public final class MemoryLimitException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    MemoryLimitException(long needed, MemoryLimit limit) {
        super(
                String.format(
                        Locale.ROOT,
                        "one class alone needs %d kB for intermediate values, more than the limit"
                                + " of %d kB: allow more",
                        kilobytes(needed),
                        kilobytes(limit.bytes())));
    }

    private static long kilobytes(long bytes) {
        return (bytes + 1023) >> 10;
    }
}
