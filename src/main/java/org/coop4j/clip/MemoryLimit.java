package org.coop4j.clip;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much native memory the intermediate values of a training step may take.
 *
 * @param bytes the limit
 */
public record MemoryLimit(long bytes) {

    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})([kKmMgG]?)[bB]?");

    public MemoryLimit {
        if (bytes < 1) {
            throw new IllegalArgumentException("memory limit of " + bytes + " bytes");
        }
    }

    /** No limit. */
    public static MemoryLimit none() {
        return new MemoryLimit(Long.MAX_VALUE);
    }

    /**
     * A limit written as a number with K, M or G, such as {@code 800M}.
     *
     * @throws IllegalArgumentException if it is written otherwise
     */
    public static MemoryLimit parse(String text) {
        Matcher matcher = TEXT.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "memory \"" + text + "\": write a number with K, M or G, such as 800M or 2G");
        }
        int shift =
                switch (matcher.group(2).toUpperCase(Locale.ROOT)) {
                    case "K" -> 10;
                    case "M" -> 20;
                    case "G" -> 30;
                    default -> 0;
                };
        return new MemoryLimit(Long.parseLong(matcher.group(1)) << shift);
    }

    /** A step cannot be done in the memory that it may take; the message is for the user. */
    public static final class ExceededException extends IllegalArgumentException {

        private static final long serialVersionUID = 1;

        ExceededException(long needed, MemoryLimit limit) {
            super("one class alone needs %d kB for intermediate values, more than the limit of %d kB: allow more"
                    .formatted(kilobytes(needed), kilobytes(limit.bytes())));
        }

        private static long kilobytes(long bytes) {
            return (bytes + 1023) >> 10;
        }
    }
}
