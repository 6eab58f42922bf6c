package org.coop4j.base;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;

/**
 * A run of bytes in an open file, read at any offset without moving a position, so that threads may
 * share it.
 *
 * @param source the open file, owned by whoever opened it
 * @param position first byte of the region in the file
 * @param length bytes of the region
 */
public record FileRegion(OpenFile source, long position, long length) {
    /** Checks that the region's bounds make sense. */
    public FileRegion {
        if (position < 0 || length < 0 || position > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("region at " + position + " of " + length);
        }
    }

    /** The file, for messages. */
    public Path file() {
        return source.path();
    }

    /** The bytes from {@code offset} on, {@code size} of them, which must lie in this region. */
    public FileRegion slice(long offset, long size) {
        if (offset < 0 || size < 0 || offset > length - size) {
            throw new IllegalArgumentException(size + " bytes at " + offset + " of a region of " + length);
        }
        return new FileRegion(source, position + offset, size);
    }

    /** Fills {@code target} from {@code offset} on. */
    public void read(ByteBuffer target, long offset) throws IOException {
        if (offset < 0 || offset > length - target.remaining()) {
            throw new EOFException(file() + ": read of " + target.remaining() + " past the end");
        }
        source.read(target, position + offset);
    }

    /** The whole region in memory; the caller has checked that it is small. */
    public byte[] bytes() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(length));
        read(buffer, 0);
        return buffer.array();
    }

    /** Maps {@code size} bytes from {@code offset} on, read-only. */
    public MappedByteBuffer map(long offset, long size) throws IOException {
        FileRegion part = slice(offset, size);
        return source.map(part.position, size);
    }
}
