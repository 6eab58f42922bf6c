package org.coop4j.weights.pickle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;

/**
 * The bytes of one or more pickles that follow each other, from memory or from a file. Every length
 * is checked against what is left before memory is taken.
 */
public final class PickleInput {
    private static final int BUFFER = 1 << 16;
    private static final int MAX_LINE = 1 << 16;

    private final Path file;
    private final FileRegion region;
    private final ByteBuffer buffer;

    /** Offset in the region of the byte after the buffer's last. */
    private long bufferEnd;

    private long limit;

    private PickleInput(Path file, FileRegion region, ByteBuffer buffer, long limit) {
        this.file = file;
        this.region = region;
        this.buffer = buffer.order(ByteOrder.LITTLE_ENDIAN);
        this.bufferEnd = buffer.limit();
        this.limit = limit;
    }

    /**
     * Reads from memory.
     *
     * @param file named in messages
     */
    public static PickleInput of(Path file, byte[] pickle) {
        return new PickleInput(file, null, ByteBuffer.wrap(pickle), pickle.length);
    }

    /** Reads from the beginning of a region of a file. */
    public static PickleInput of(FileRegion region) {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
        return new PickleInput(region.file(), region, buffer, region.length());
    }

    /** Offset of the next byte to be read. */
    public long position() {
        return bufferEnd - buffer.remaining();
    }

    /** Lets at most {@code bytes} more be read. */
    void allow(long bytes) {
        long end = region == null ? bufferEnd : region.length();
        limit = Math.min(end, position() + bytes);
    }

    Path file() {
        return file;
    }

    int u1() throws IOException {
        require(1);
        return buffer.get() & 0xff;
    }

    int u2() throws IOException {
        require(2);
        return buffer.getShort() & 0xffff;
    }

    int i4() throws IOException {
        require(4);
        return buffer.getInt();
    }

    long u4() throws IOException {
        return Integer.toUnsignedLong(i4());
    }

    long i8() throws IOException {
        require(8);
        return buffer.getLong();
    }

    double bigEndianDouble() throws IOException {
        return Double.longBitsToDouble(Long.reverseBytes(i8()));
    }

    byte[] bytes(long length) throws IOException {
        if (length < 0 || length > limit - position()) {
            throw InputException.in(
                    file,
                    "the pickle announces %s bytes where %d are left"
                            .formatted(Long.toUnsignedString(length), limit - position()));
        }
        byte[] bytes = new byte[Math.toIntExact(length)];
        int done = 0;
        while (done < bytes.length) {
            require(1);
            int n = Math.min(buffer.remaining(), bytes.length - done);
            buffer.get(bytes, done, n);
            done += n;
        }
        return bytes;
    }

    String utf8(long length) throws IOException {
        return decode(bytes(length), StandardCharsets.UTF_8);
    }

    /** A Python 2 string: UTF-8 where it is that, else Latin-1, which every byte string is. */
    String python2String(long length) throws IOException {
        byte[] bytes = bytes(length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }

    /** The text up to the next line feed, which is consumed. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = u1(); next != '\n'; next = u1()) {
            if (line.size() == MAX_LINE) {
                throw InputException.in(file, "the pickle has an endless line");
            }
            line.write(next);
        }
        return decode(line.toByteArray(), StandardCharsets.UTF_8);
    }

    private String decode(byte[] bytes, Charset charset) throws IOException {
        try {
            return charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": the pickle has text that is not UTF-8", e);
        }
    }

    private void require(int bytes) throws IOException {
        if (bytes > limit - position()) {
            throw InputException.in(file, "the pickle is truncated or exceeds its size limit");
        }
        if (buffer.remaining() < bytes) {
            buffer.compact();
            int n = (int) Math.min(buffer.remaining(), region.length() - bufferEnd);
            buffer.limit(buffer.position() + n);
            region.read(buffer, bufferEnd);
            bufferEnd += n;
            buffer.flip();
        }
    }
}
