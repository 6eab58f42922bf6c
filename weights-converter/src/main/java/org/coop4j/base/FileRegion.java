package org.coop4j.base;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;

/**
 * A range of bytes in an open file, read at any offset without moving a position, so that threads may share it.
 *
 * @param source the open file, closed by its owner
 * @param position offset in the file of the region's first byte
 * @param length number of bytes
 */
public record FileRegion(OpenFile source, long position, long length) {
    /** Large enough to be fast, small enough to stay in the cache. */
    private static final int CHUNK = 1 << 18;

    /** Checks the bounds. */
    public FileRegion {
        Require.that(
                position >= 0 && length >= 0 && position <= Long.MAX_VALUE - length,
                "region at %s of %s",
                position,
                length);
    }

    /** Receives consecutive chunks of bytes. */
    @FunctionalInterface
    public interface ChunkConsumer {
        /**
         * Takes the next bytes.
         *
         * @param chunk little-endian, valid only during the call
         */
        void accept(ByteBuffer chunk) throws IOException;
    }

    /** Returns the file's path, for messages. */
    public Path file() {
        return source.path();
    }

    /** Returns the {@code size} bytes starting at {@code offset}, which must lie within this region. */
    public FileRegion slice(long offset, long size) {
        Require.that(
                offset >= 0 && size >= 0 && offset <= length - size,
                "%s bytes at %s of a region of %s",
                size,
                offset,
                length);
        return new FileRegion(source, position + offset, size);
    }

    /** Reads the whole region, whose length the caller has checked. */
    public byte[] bytes() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(length));
        source.read(buffer, position);
        return buffer.array();
    }

    /** Reads the whole region, whose length the caller has checked, as little-endian numbers. */
    public ByteBuffer littleEndian() throws IOException {
        return ByteBuffer.wrap(bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Passes all bytes on through one heap buffer: direct buffers would pile up until a garbage collection frees them.
     * Every chunk but the last has a multiple of 8 bytes.
     */
    public void forEachChunk(ChunkConsumer consumer) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, length)).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < length; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK, length - at));
            source.read(chunk, position + at);
            consumer.accept(chunk.flip());
        }
    }

    /** Returns an unbuffered stream of the bytes. */
    public InputStream stream() {
        return new InputStream() {
            private long at;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int count) throws IOException {
                int n = (int) Math.min(count, length - at);
                if (n == 0) {
                    return count == 0 ? 0 : -1;
                }
                source.read(ByteBuffer.wrap(target, offset, n), position + at);
                at += n;
                return n;
            }
        };
    }

    /** Maps {@code size} bytes starting at {@code offset}, read-only. */
    public MappedByteBuffer map(long offset, long size) throws IOException {
        FileRegion part = slice(offset, size);
        return source.map(part.position, size);
    }
}
