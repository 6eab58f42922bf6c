package org.coop4j.console;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;

/** Buffers standard output and remembers what went wrong, which a PrintStream would swallow. */
public final class StandardOutput extends FilterOutputStream {

    private static final int BUFFER = 1 << 13;

    private IOException failure;

    /** The reader of standard output (such as {@code head}) is gone. */
    public static final class ReaderGoneException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReaderGoneException(IOException cause) {
            super(cause);
        }
    }

    public StandardOutput(OutputStream target) {
        super(new BufferedOutputStream(target, BUFFER));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private IOException failed(IOException e) {
        failure = failure == null ? e : failure;
        return e;
    }

    /**
     * Throws the first failure, if there was one.
     *
     * @throws ReaderGoneException if a pipe was closed by its reader
     */
    public void rethrow() {
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
