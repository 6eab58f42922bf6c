package org.coop4j.image;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * Converts images to the pixels for a model's image tower: decoded, resized, cropped and
 * normalised by {@link Preprocessing}. Safe for use by several threads.
 *
 * @param preprocessing of the model
 * @param exif treatment of the orientation that files record
 */
public record PixelReader(ImageDecoder decoder, Preprocessing preprocessing, ExifOrientation exif) {

    /**
     * Writes the pixels of an image file.
     *
     * @param target receives [3, size, size] from {@code offset} on; its position does not change
     * @throws ImageException if the file is missing or not a usable image
     * @throws IOException if it cannot be read
     */
    public void read(Path file, FloatBuffer target, int offset) throws IOException {
        preprocessing.toTensor(decoder.decode(file, exif, preprocessing::fitted), target, offset);
    }

    /**
     * Writes the pixels of an image file's content.
     *
     * @param name of the image in messages
     */
    public void read(byte[] content, String name, FloatBuffer target, int offset) throws ImageException {
        preprocessing.toTensor(decoder.decode(content, name, exif, preprocessing::fitted), target, offset);
    }

    /**
     * Writes the pixels of an image that is decoded already.
     *
     * @param name of the image in messages
     */
    public void read(RgbImage image, String name, FloatBuffer target, int offset) throws ImageException {
        preprocessing.toTensor(ImageDecoder.use(image, name, preprocessing::fitted), target, offset);
    }
}
