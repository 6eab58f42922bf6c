package org.coop4j.image.webp;

import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;

/** VP8's arithmetic decoder of booleans (RFC 6386, section 7) over a part of a file. */
final class BoolDecoder {
    private static final int EVEN = 128;

    private final ImageSource source;
    private final int end;
    private int at;
    private int value; // bits + 8 of its low bits are yet to be decoded
    private int bits = -8;
    private int range = 254; // the specification's range less 1

    BoolDecoder(ImageSource source, int start, int end) {
        this.source = source;
        this.at = start;
        this.end = end;
    }

    /**
     * Decodes one boolean.
     *
     * @param probability of 0, in 1/256
     */
    int bit(int probability) throws ImageException {
        if (bits < 0) {
            load();
        }
        int split = (range * probability) >> 8;
        int bit = (value >> bits) > split ? 1 : 0;
        if (bit == 1) {
            range -= split;
            value -= (split + 1) << bits;
        } else {
            range = split + 1;
        }
        int shift = Integer.numberOfLeadingZeros(range) - 24;
        range = (range << shift) - 1;
        bits -= shift;
        return bit;
    }

    /** As libwebp, which fails where it has to make up a byte. */
    private void load() throws ImageException {
        if (at >= end) {
            throw source.truncated();
        }
        value = value << 8 | source.u8(at++);
        bits += 8;
    }

    boolean flag() throws ImageException {
        return bit(EVEN) == 1;
    }

    /** An unsigned number, most significant bit first. */
    int number(int length) throws ImageException {
        int number = 0;
        for (int i = 0; i < length; i++) {
            number = number << 1 | bit(EVEN);
        }
        return number;
    }

    /** A number and its sign. */
    int signed(int length) throws ImageException {
        int number = number(length);
        return flag() ? -number : number;
    }

    /** A flag, then a signed number if it is set, else 0. */
    int optional(int length) throws ImageException {
        return flag() ? signed(length) : 0;
    }
}
