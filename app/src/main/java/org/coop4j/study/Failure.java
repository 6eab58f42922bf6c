package org.coop4j.study;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.time.Instant;
import org.coop4j.method.train.Trainer.NonFiniteLossException;

/**
 * Why a run has no result: what its {@code failure.json} holds.
 *
 * @param message what went wrong
 * @param when in UTC
 */
public record Failure(String message, String when) {

    static Failure now(String message) {
        return new Failure(message, Instant.now().toString());
    }

    /** What went wrong, in a sentence. */
    static String describe(Throwable problem) {
        if (problem instanceof UncheckedIOException unchecked) {
            return describe(unchecked.getCause());
        }
        if (problem instanceof OutOfMemoryError) {
            return "out of memory ("
                    + problem.getMessage()
                    + "): give Java more, or limit a step's memory";
        }
        String message = problem.getMessage();
        if (message == null) {
            return problem.toString();
        }
        boolean bareFileName = problem instanceof FileSystemException;
        boolean ofUse =
                problem instanceof IOException
                        || problem instanceof IllegalArgumentException
                        || problem instanceof NonFiniteLossException;
        return bareFileName || !ofUse
                ? problem.getClass().getSimpleName() + ": " + message
                : message;
    }
}
