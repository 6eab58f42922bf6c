package org.coop4j.console;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;

/** Standard output below a buffer, which remembers what went wrong: a PrintStream would swallow it. */
public final class StandardOutput extends FilterOutputStream {

    private IOException failure;

    /** The reader of standard output (such as {@code head}) is gone. */
    public static final class ReaderGoneException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReaderGoneException(IOException cause) {
            super(cause);
        }
    }

    StandardOutput(OutputStream target) {
        super(target);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            failure = failure == null ? e : failure;
            throw e;
        }
    }

    /**
     * Throws the first failure, if there was one.
     *
     * @throws ReaderGoneException if a pipe was closed by its reader
     */
    void rethrow() {
        if (failure == null) {
            return;
        }
        String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (message.contains("broken pipe") || message.contains("pipe is being closed")) {
            throw new ReaderGoneException(failure);
        }
        throw new UncheckedIOException(
                new IOException("cannot write to standard output: " + failure.getMessage(), failure));
    }
}
