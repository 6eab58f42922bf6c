package org.coop4j.clip;

import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.image.RgbImage;

/**
 * An image to classify: a file, a file's content, or an image that Java has decoded. The format (JPEG, PNG, GIF, BMP,
 * WebP or TIFF) is detected from the content, and EXIF orientations are applied.
 */
@FunctionalInterface
public interface InputImage {

    /** Writes the normalised pixels [3, size, size] starting at {@code offset}, and returns the size of the upright image. */
    Dimension read(PixelReader reader, FloatBuffer target, int offset) throws IOException;

    /** Returns a file, read when the image is encoded. */
    static InputImage of(Path file) {
        return (reader, target, offset) -> reader.read(file, target, offset);
    }

    /**
     * Returns a file's content.
     *
     * @param content not copied: do not modify it
     */
    static InputImage of(byte[] content) {
        return of(content, "of " + content.length + " bytes");
    }

    /**
     * Returns a file's content.
     *
     * @param content not copied: do not modify it
     * @param name name of the image in messages
     */
    static InputImage of(byte[] content, String name) {
        return (reader, target, offset) -> reader.read(content, name, target, offset);
    }

    /**
     * Returns a file's content, read to its end immediately; the stream stays open.
     *
     * @throws IOException if it cannot be read
     */
    static InputImage of(InputStream content) throws IOException {
        return of(content.readNBytes(ImageDecoder.MAX_FILE_BYTES + 1));
    }

    /** Returns a copy of an image that Java has decoded, as {@link RgbImage#of} takes it. */
    static InputImage of(BufferedImage image) {
        RgbImage copy = RgbImage.of(image);
        return (reader, target, offset) -> reader.read(copy, copy.toString(), target, offset);
    }
}
