package org.coop4j.image;

/**
 * The bytes of an image file with the name that messages give it and the limit of its size; reading
 * beyond the end is an error that names the file.
 */
final class ImageSource {
    private final byte[] bytes;
    private final String name;
    private final long maxPixels;
    private final DecodeMemory.Share memory;
    private final boolean turned;

    /**
     * @param turned whether the decoded image will be turned, which takes a copy of it
     */
    ImageSource(byte[] bytes, String name, long maxPixels, DecodeMemory.Share memory, boolean turned) {
        this.bytes = bytes;
        this.name = name;
        this.maxPixels = maxPixels;
        this.memory = memory;
        this.turned = turned;
    }

    /** A file that is not read yet: its name for messages. */
    static ImageSource named(String name) {
        return new ImageSource(new byte[0], name, 0, null, false);
    }

    /** The bytes themselves, not a copy. */
    byte[] bytes() {
        return bytes;
    }

    /** Number of bytes. */
    int length() {
        return bytes.length;
    }

    /** Whether the characters, taken as bytes, stand at an offset. */
    boolean startsWith(int offset, String latin1) {
        if (offset + latin1.length() > bytes.length) {
            return false;
        }
        for (int i = 0; i < latin1.length(); i++) {
            if ((bytes[offset + i] & 0xFF) != latin1.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** An unsigned byte. */
    int u8(int at) throws ImageException {
        require(at, 1);
        return bytes[at] & 0xFF;
    }

    /** An unsigned number of two bytes, most significant first. */
    int u16(int at) throws ImageException {
        return u8(at) << 8 | u8(at + 1);
    }

    /** An unsigned number of two bytes, least significant first. */
    int u16le(int at) throws ImageException {
        return u8(at) | u8(at + 1) << 8;
    }

    /** An unsigned number of three bytes, least significant first. */
    int u24le(int at) throws ImageException {
        return u16le(at) | u8(at + 2) << 16;
    }

    /** A signed number of four bytes, most significant first. */
    int s32(int at) throws ImageException {
        return u16(at) << 16 | u16(at + 2);
    }

    /** A signed number of four bytes, least significant first. */
    int s32le(int at) throws ImageException {
        return u16le(at) | u16le(at + 2) << 16;
    }

    /** An unsigned number of four bytes, least significant first. */
    long u32le(int at) throws ImageException {
        return s32le(at) & 0xFFFF_FFFFL;
    }

    /** Checks that so many bytes follow an offset. */
    void require(long at, long count) throws ImageException {
        if (at < 0 || at + count > bytes.length) {
            throw truncated();
        }
    }

    /** Checks a size from a header, before memory is taken for it. */
    void requireSize(long width, long height) throws ImageException {
        if (width < 1 || height < 1) {
            throw error("is damaged: it declares a size of " + width + " x " + height + " pixels");
        }
        // Both are below 2^32, so that the product may exceed a long only by its sign.
        if (Long.compareUnsigned(width * height, maxPixels) > 0) {
            throw error("declares %s x %s pixels, more than the limit of %s".formatted(width, height, maxPixels));
        }
    }

    /**
     * Waits for the memory that decoding takes at its peak; once, after the sizes are checked.
     *
     * @param bytesEach bytes for each pixel, the 3 of the image itself included
     * @throws ImageException if it is more than an image may take
     */
    void takeMemory(long pixels, int bytesEach) throws ImageException {
        memory.takeDecoded(pixels * (turned ? bytesEach + 3 : bytesEach), this);
    }

    /** The error of a file that ends too early. */
    ImageException truncated() {
        return error("is truncated: its " + bytes.length + " bytes end within the picture");
    }

    /** The error of a file that a reader cannot read. */
    ImageException damaged(Throwable cause) {
        String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new ImageException("image " + name + " is damaged: " + reason, cause);
    }

    /** An error whose message is "image NAME" and the predicate. */
    ImageException error(String predicate) {
        return new ImageException("image " + name + " " + predicate);
    }
}
