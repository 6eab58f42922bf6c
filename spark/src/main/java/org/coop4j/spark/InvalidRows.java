package org.coop4j.spark;

import java.util.Arrays;
import java.util.Locale;

/** What becomes of a row whose image or text cannot be used: values of {@code handleInvalid}. */
enum InvalidRows {
    /** The job fails, and says why. */
    ERROR,
    /** The row is left out. */
    SKIP,
    /** The row stays, without a result, and the error column says why. */
    KEEP;

    /** The value of the parameter. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static InvalidRows of(String word) {
        return Arrays.stream(values())
                .filter(value -> value.word().equals(word))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "handleInvalid: expected error, skip or keep, got \""
                                                + word
                                                + "\""));
    }
}
