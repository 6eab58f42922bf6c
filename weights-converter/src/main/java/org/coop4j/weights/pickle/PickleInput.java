package org.coop4j.weights.pickle;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.TextFile;

/**
 * The bytes of one or more consecutive pickles. Every length is checked against the bytes left before memory is taken.
 */
public final class PickleInput {
    private static final int BUFFER = 1 << 16;
    private static final int MAX_LINE = 1 << 16;

    private final Path file;
    private final InputStream in;
    private final long length;
    private long position;
    private long limit;

    private PickleInput(Path file, InputStream in, long length) {
        this.file = file;
        this.in = in;
        this.length = length;
    }

    /**
     * Reads from memory.
     *
     * @param file named in messages
     */
    public static PickleInput of(Path file, byte[] pickle) {
        return new PickleInput(file, new ByteArrayInputStream(pickle), pickle.length);
    }

    /** Reads from the beginning of a region of a file. */
    public static PickleInput of(FileRegion region) {
        return new PickleInput(region.file(), new BufferedInputStream(region.stream(), BUFFER), region.length());
    }

    /** Returns the offset of the next byte to be read. */
    public long position() {
        return position;
    }

    /** Lets at most {@code bytes} more be read. */
    void allow(int bytes) {
        limit = Math.min(length, position + bytes);
    }

    Path file() {
        return file;
    }

    int u1() throws IOException {
        if (position == limit) {
            throw InputException.in(file, "the pickle is truncated or exceeds its size limit");
        }
        position++;
        return in.read();
    }

    int u2() throws IOException {
        return u1() | u1() << 8;
    }

    int i4() throws IOException {
        return u2() | u2() << 16;
    }

    long u4() throws IOException {
        return Integer.toUnsignedLong(i4());
    }

    long i8() throws IOException {
        return u4() | u4() << 32;
    }

    double bigEndianDouble() throws IOException {
        return Double.longBitsToDouble(Long.reverseBytes(i8()));
    }

    byte[] bytes(long count) throws IOException {
        if (count < 0 || count > limit - position) {
            throw InputException.in(
                    file,
                    "the pickle announces %s bytes where %d are left"
                            .formatted(Long.toUnsignedString(count), limit - position));
        }
        position += count;
        return in.readNBytes((int) count);
    }

    String utf8(long count) throws IOException {
        return utf8(bytes(count));
    }

    /** Reads a Python 2 string: UTF-8 if it is valid, else Latin-1. */
    String python2String(long count) throws IOException {
        byte[] bytes = bytes(count);
        try {
            return TextFile.utf8(bytes);
        } catch (CharacterCodingException e) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }

    /** Reads the text up to the next line feed, which is consumed. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = u1(); next != '\n'; next = u1()) {
            if (line.size() == MAX_LINE) {
                throw InputException.in(file, "the pickle has an endless line");
            }
            line.write(next);
        }
        return utf8(line.toByteArray());
    }

    private String utf8(byte[] bytes) throws IOException {
        try {
            return TextFile.utf8(bytes);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": the pickle has text that is not UTF-8", e);
        }
    }
}
