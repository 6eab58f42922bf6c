package org.coop4j.image;

import java.util.Objects;
import javax.imageio.stream.ImageInputStreamImpl;

/** An image stream over bytes in memory, which the runtime's own streams would copy once more. */
final class MemoryImageInput extends ImageInputStreamImpl {
    private final byte[] bytes;

    MemoryImageInput(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() {
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xFF : -1;
    }

    @Override
    public int read(byte[] target, int offset, int count) {
        Objects.checkFromIndexSize(offset, count, target.length);
        bitOffset = 0;
        int left = (int) Math.max(0, bytes.length - streamPos);
        if (left == 0 && count > 0) {
            return -1;
        }
        int read = Math.min(left, count);
        System.arraycopy(bytes, (int) streamPos, target, offset, read);
        streamPos += read;
        return read;
    }

    @Override
    public long length() {
        return bytes.length;
    }
}
