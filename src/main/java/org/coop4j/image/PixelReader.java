package org.coop4j.image;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/**
 * Turns images into the pixels that a model's image tower takes: decoded, resized and cropped as
 * {@link TestTransform} does, and normalised. Safe for use by several threads.
 */
public final class PixelReader {

    private final ImageDecoder decoder;
    private final TestTransform transform;
    private final ExifOrientation exif;

    /**
     * @param preprocessing of the model
     * @param exif what is done with the orientation that files record
     */
    public PixelReader(ImageDecoder decoder, Preprocessing preprocessing, ExifOrientation exif) {
        this.decoder = decoder;
        this.transform = new TestTransform(preprocessing);
        this.exif = exif;
    }

    /**
     * Writes the pixels of an image file.
     *
     * @param target receives [3, size, size] from {@code offset} on; its position stays
     * @throws ImageException if the file is missing or no image that can be used, naming it
     * @throws IOException if it cannot be read
     */
    public void read(Path file, FloatBuffer target, int offset) throws IOException {
        put(decoder.decode(file, exif, transform::apply), target, offset);
    }

    /**
     * Writes the pixels of an image file's content.
     *
     * @param name what messages call the image
     */
    public void read(byte[] content, String name, FloatBuffer target, int offset) throws ImageException {
        put(decoder.decode(content, name, exif, transform::apply), target, offset);
    }

    /**
     * Writes the pixels of an image that is decoded already.
     *
     * @param name what messages call the image
     */
    public void read(RgbImage image, String name, FloatBuffer target, int offset) throws ImageException {
        put(ImageDecoder.use(image, name, transform::apply), target, offset);
    }

    private void put(RgbImage image, FloatBuffer target, int offset) {
        transform.preprocessing().toTensor(image, target, offset);
    }
}
