package org.coop4j.image;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * The bytes of an image file with its name for messages and the limits on its size. Reading beyond the end is an error
 * that names the file.
 *
 * @param bytes of the file, not copied
 * @param name in messages
 * @param maxPixels largest number of pixels
 * @param maxTime longest time to decode them
 * @param clock nanoseconds since any moment
 * @param memory reserved for decoding
 * @param turned true if the decoded image will be turned, which takes a copy of it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ImageSource(
        byte[] bytes,
        String name,
        long maxPixels,
        Duration maxTime,
        LongSupplier clock,
        DecodeMemory.Share memory,
        boolean turned) {

    /** Returns the number of bytes. */
    int length() {
        return bytes.length;
    }

    /** Returns true if these characters, as bytes, are at an offset. */
    boolean startsWith(int offset, String latin1) {
        return ImageForm.startsWith(bytes, offset, latin1);
    }

    /** Returns an unsigned byte. */
    int u8(int at) throws ImageException {
        require(at, 1);
        return bytes[at] & 0xFF;
    }

    /** Returns a number of up to four bytes, most significant first; signed if it has four. */
    int be(int at, int count) throws ImageException {
        int value = 0;
        for (int i = 0; i < count; i++) {
            value = value << 8 | u8(at + i);
        }
        return value;
    }

    /** Returns a number of up to four bytes, least significant first; signed if it has four. */
    int le(int at, int count) throws ImageException {
        int value = 0;
        for (int i = count - 1; i >= 0; i--) {
            value = value << 8 | u8(at + i);
        }
        return value;
    }

    /** Checks that {@code count} bytes follow an offset. */
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
        // Both are below 2^32, so that the product exceeds a long by its sign bit at most.
        if (Long.compareUnsigned(width * height, maxPixels) > 0) {
            throw error("declares %s x %s pixels, more than the limit of %s".formatted(width, height, maxPixels));
        }
    }

    /**
     * Waits for the memory that decoding takes at its peak; called once, after the sizes are checked.
     *
     * @param bytesEach bytes per pixel, including the 3 of the image itself
     * @throws ImageException if it is more than an image may take
     */
    void takeMemory(long pixels, int bytesEach) throws ImageException {
        memory.takeDecoded(pixels * (turned ? bytesEach + 3 : bytesEach), name);
    }

    /** Returns the error of a file that ends too early. */
    ImageException truncated() {
        return error("is truncated: its " + bytes.length + " bytes end within the picture");
    }

    /** Returns the error of a file whose decoding takes too long. */
    ImageException tooSlow() {
        return error("takes more than %,d ms to decode: make it smaller".formatted(maxTime.toMillis()));
    }

    /** Returns the error of a file that a reader cannot read. */
    ImageException damaged(Throwable cause) {
        String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new ImageException("image " + name + " is damaged: " + reason, cause);
    }

    /** Refuses the image for a reason; the message is "image NAME" and the predicate. */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    void refuse(boolean bad, String predicate, Object... values) throws ImageException {
        if (bad) {
            throw error(predicate.formatted(values));
        }
    }

    /** Returns an error whose message is "image NAME" and the predicate. */
    ImageException error(String predicate) {
        return new ImageException("image " + name + " " + predicate);
    }
}
