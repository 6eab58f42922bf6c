package org.coop4j.image;

import java.awt.Dimension;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.coop4j.base.Require;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.model.PreprocessConfig;

/**
 * Conversion of test images to the input of a model's image tower: the shorter side is resized to the model's size, the
 * centre is cropped (torchvision's {@code Resize} and {@code CenterCrop} on a Pillow image that is already RGB), and the
 * samples are normalised; for models that squash, both sides are resized.
 *
 * @param config of the model: size, mean and standard deviation of each channel
 */
public record Preprocessing(PreprocessConfig config) {
    private static final int CHANNELS = 3;

    /** Returns OpenAI's constants, for a model of the given input size. */
    public static Preprocessing clip(int size) {
        return new Preprocessing(PreprocessConfig.openAi(size));
    }

    /** Returns the side of the input in pixels. */
    public int size() {
        return config.size();
    }

    /** Returns the mean of a channel (0 red, 1 green, 2 blue), subtracted from samples in 0 to 1. */
    public float mean(int channel) {
        return config.mean().get(channel).floatValue();
    }

    /** Returns the standard deviation of a channel, which divides the difference. */
    public float std(int channel) {
        return config.std().get(channel).floatValue();
    }

    /** Returns the number of floats per image: 3 · size · size. */
    public int tensorLength() {
        return Math.multiplyExact(CHANNELS * size(), size());
    }

    /** Returns the resized and cropped image, size x size. */
    public RgbImage fitted(RgbImage image) {
        int size = size();
        if (config.squash()) {
            return PillowResize.resize(image, size, size, CropBox.whole(size, size), config.interpolation());
        }
        int width = scaled(image.width(), image.height());
        int height = scaled(image.height(), image.width());
        CropBox centre = new CropBox(margin(width), margin(height), size, size);
        return PillowResize.resize(image, width, height, centre, config.interpolation());
    }

    /**
     * Returns the part of an image that the first rows and columns of the model's input show, in pixels of the image. The rest
     * was cut off.
     *
     * @param width of the image
     * @param pixels number of rows and of columns
     */
    public Rectangle2D seen(int width, int height, int pixels) {
        if (config.squash()) {
            double share = (double) pixels / size();
            return new Rectangle2D.Double(0, 0, share * width, share * height);
        }
        int scaledWidth = scaled(width, height);
        int scaledHeight = scaled(height, width);
        double across = (double) width / scaledWidth;
        double down = (double) height / scaledHeight;
        return new Rectangle2D.Double(
                across * margin(scaledWidth), down * margin(scaledHeight), across * pixels, down * pixels);
    }

    /** Returns the length of a side after the resize; that of the longer one is truncated, not rounded. */
    private int scaled(int side, int other) {
        long length = side <= other ? size() : (long) size() * side / other;
        Require.that(
                length <= Integer.MAX_VALUE,
                "an image of %s x %s pixels is too long and narrow to be resized to %s pixels",
                side,
                other,
                size());
        return (int) length;
    }

    /** Returns the margin before the centre, rounded half to even like Python's {@code round}. */
    private int margin(int side) {
        return (int) Math.rint((side - size()) / 2.0);
    }

    /** Returns the normalised image as [3, size, size]. */
    public float[] toTensor(RgbImage image) {
        float[] tensor = new float[tensorLength()];
        toTensor(image, FloatBuffer.wrap(tensor), 0);
        return tensor;
    }

    /**
     * Writes the normalised image as [3, size, size] into a buffer, whose position does not change.
     *
     * @param offset index of the first float written
     */
    public void toTensor(RgbImage image, FloatBuffer target, int offset) {
        int size = size();
        Require.that(
                image.width() == size && image.height() == size,
                "%s is not of the model's size %s x %s",
                image,
                size,
                size);
        float[] plane = new float[size * size];
        byte[] samples = image.samples();
        float[] normalised = new float[256]; // value of each sample
        for (int c = 0; c < CHANNELS; c++) {
            for (int sample = 0; sample < normalised.length; sample++) {
                normalised[sample] = (sample / 255f - mean(c)) / std(c); // PyTorch's order of float32 operations
            }
            for (int i = 0, at = c; i < plane.length; i++, at += CHANNELS) {
                plane[i] = normalised[samples[at] & 0xFF];
            }
            target.put(offset + c * plane.length, plane);
        }
    }

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
         * @param target receives [3, size, size] starting at {@code offset}; its position does not change
         * @return the size of the upright image
         * @throws ImageException if the file is missing or not a usable image
         * @throws IOException if it cannot be read
         */
        public Dimension read(Path file, FloatBuffer target, int offset) throws IOException {
            return decoder.decode(file, exif, image -> write(image, target, offset));
        }

        /**
         * Writes the pixels of an image file's content.
         *
         * @param name of the image in messages
         */
        public Dimension read(byte[] content, String name, FloatBuffer target, int offset) throws ImageException {
            return decoder.decode(content, name, exif, image -> write(image, target, offset));
        }

        /**
         * Writes the pixels of an image that is decoded already.
         *
         * @param name of the image in messages
         */
        public Dimension read(RgbImage image, String name, FloatBuffer target, int offset) throws ImageException {
            return ImageDecoder.use(image, name, decoded -> write(decoded, target, offset));
        }

        private Dimension write(RgbImage image, FloatBuffer target, int offset) {
            preprocessing.toTensor(preprocessing.fitted(image), target, offset);
            return new Dimension(image.width(), image.height());
        }
    }
}
