package org.coop4j.image;

/**
 * The LZW data of one GIF image, in sub-blocks (GIF89a specification, appendix F).
 *
 * <p>The Java runtime's reader does not do: of data that end early within whole blocks it leaves
 * the rest of the picture black, without an exception or a warning.
 */
final class GifLzw {
    private static final int MAX_CODES = 4096;
    private static final int NONE = -1;

    private final ImageSource source;
    private final int rootBits;
    private int at;
    private int blockLeft;
    private int bits;
    private int bitCount;

    /** A string of the table is the string of another code and one more index. */
    private final short[] prefix = new short[MAX_CODES];

    private final byte[] last = new byte[MAX_CODES];
    private final byte[] first = new byte[MAX_CODES];
    private final short[] length = new short[MAX_CODES];

    GifLzw(ImageSource source, int at) throws ImageException {
        this.source = source;
        this.at = at + 1;
        this.rootBits = source.u8(at);
        if (rootBits < 1 || rootBits > 8) {
            throw source.error(
                    "is damaged: its GIF code size is " + rootBits + ", expected 1 to 8");
        }
    }

    /**
     * Decodes width x height indices; each takes at least a bit for 4,096, so a short file cannot
     * take much memory.
     */
    byte[] decode(int width, int height) throws ImageException {
        long count = (long) width * height;
        if (count > 8L * MAX_CODES * (source.length() - at)) {
            throw source.truncated();
        }
        byte[] indices = new byte[(int) count];
        int clear = 1 << rootBits;
        int end = clear + 1;
        int next = end + 1;
        int codeBits = rootBits + 1;
        int previous = NONE;
        for (int i = 0; i < clear; i++) {
            last[i] = (byte) i;
            first[i] = (byte) i;
            length[i] = 1;
        }
        int done = 0;
        while (done < indices.length) {
            int code = readCode(codeBits);
            if (code == clear) {
                next = end + 1;
                codeBits = rootBits + 1;
                previous = NONE;
                continue;
            }
            if (code == end) {
                throw source.truncated();
            }
            if (code > next || (code >= clear && previous == NONE)) {
                throw source.error("is damaged: its GIF data have an undefined code");
            }
            if (previous != NONE && next < MAX_CODES) {
                append(next, previous, first[code == next ? previous : code]);
                next++;
                if (next == 1 << codeBits && codeBits < 12) {
                    codeBits++;
                }
            }
            done = write(code, indices, done);
            previous = code;
        }
        return indices;
    }

    private void append(int code, int previous, byte index) {
        prefix[code] = (short) previous;
        last[code] = index;
        first[code] = first[previous];
        length[code] = (short) (length[previous] + 1);
    }

    /** Writes the string of a code, from its end, as far as there is room. */
    private int write(int code, byte[] indices, int done) {
        int stringEnd = done + length[code];
        int current = code;
        for (int i = stringEnd - 1; i >= done; i--) {
            if (i < indices.length) {
                indices[i] = last[current];
            }
            current = prefix[current];
        }
        return Math.min(stringEnd, indices.length);
    }

    private int readCode(int codeBits) throws ImageException {
        while (bitCount < codeBits) {
            if (blockLeft == 0) {
                blockLeft = source.u8(at++);
                if (blockLeft == 0) {
                    throw source.truncated();
                }
            }
            bits |= source.u8(at++) << bitCount;
            bitCount += 8;
            blockLeft--;
        }
        int code = bits & ((1 << codeBits) - 1);
        bits >>>= codeBits;
        bitCount -= codeBits;
        return code;
    }
}
