package org.coop4j.image.webp;

import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;

/** Reads numbers of the lossless WebP bitstream, least significant bit first. */
final class VpLosslessBits {
    private final ImageSource source;
    private final int end;
    private int at;
    private long bits;
    private int count;

    VpLosslessBits(ImageSource source, int start, int end) {
        this.source = source;
        this.at = start;
        this.end = end;
    }

    /** Reads up to 24 bits. */
    int read(int length) throws ImageException {
        int value = peek(length);
        skip(length);
        return value;
    }

    boolean flag() throws ImageException {
        return read(1) == 1;
    }

    /** The next bits, zeros behind the end. */
    int peek(int length) throws ImageException {
        while (count < length && at < end) {
            bits |= (long) source.u8(at++) << count;
            count += 8;
        }
        return (int) (bits & ((1L << length) - 1));
    }

    void skip(int length) throws ImageException {
        if (length > count) {
            throw source.truncated();
        }
        bits >>>= length;
        count -= length;
    }
}
