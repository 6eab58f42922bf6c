package org.coop4j.image;

import java.nio.FloatBuffer;
import java.util.List;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * What a model's image tower expects: the side of its square input, and the mean and standard
 * deviation that normalise it.
 *
 * @param size side of the input in pixels
 * @param mean subtracted from samples in 0 to 1
 * @param std divides the difference, above 0
 * @param squash whether a test image's both sides are resized to {@code size}, rather than the
 *     shorter one before a centre crop
 */
public record Preprocessing(int size, Channels mean, Channels std, boolean squash) {
    /**
     * A number for each colour channel.
     *
     * @param red of the red channel
     * @param green of the green channel
     * @param blue of the blue channel
     */
    public record Channels(float red, float green, float blue) {
        /** The value of channel 0, 1 or 2: red, green or blue. */
        public float get(int channel) {
            return switch (channel) {
                case 0 -> red;
                case 1 -> green;
                case 2 -> blue;
                default -> throw new IndexOutOfBoundsException("channel " + channel + ": expected 0, 1 or 2");
            };
        }
    }

    /** The mean of CLIP's training images. */
    public static final Channels CLIP_MEAN = new Channels((float) 0.48145466, (float) 0.4578275, (float) 0.40821073);

    /** The standard deviation of CLIP's training images. */
    public static final Channels CLIP_STD = new Channels((float) 0.26862954, (float) 0.26130258, (float) 0.27577711);

    private static final int CHANNELS = 3;

    public Preprocessing {
        if (size < 1) {
            throw new IllegalArgumentException("image size " + size + ": expected 1 or more");
        }
        for (int c = 0; c < CHANNELS; c++) {
            if (!Float.isFinite(mean.get(c))) {
                throw new IllegalArgumentException("mean " + mean + ": expected finite numbers");
            }
            if (!(std.get(c) > 0) || !Float.isFinite(std.get(c))) {
                throw new IllegalArgumentException("standard deviation " + std + ": expected finite numbers above 0");
            }
        }
    }

    /** What a converted model's file says. */
    public static Preprocessing of(PreprocessConfig config) {
        return new Preprocessing(config.size(), channels(config.mean()), channels(config.std()), config.squash());
    }

    private static Channels channels(List<Double> values) {
        return new Channels(
                values.get(0).floatValue(),
                values.get(1).floatValue(),
                values.get(2).floatValue());
    }

    /** OpenAI's constants, for a model of the given input size. */
    public static Preprocessing clip(int size) {
        return new Preprocessing(size, CLIP_MEAN, CLIP_STD, false);
    }

    /** The number of floats of one image: 3 · size · size. */
    public int tensorLength() {
        return Math.multiplyExact(CHANNELS * size, size);
    }

    /** Returns the normalised image as [3, size, size]. */
    public float[] toTensor(RgbImage image) {
        float[] tensor = new float[tensorLength()];
        toTensor(image, FloatBuffer.wrap(tensor), 0);
        return tensor;
    }

    /**
     * Writes the normalised image as [3, size, size] into a buffer, whose position is left as it
     * is.
     *
     * @param offset index of the first float written
     */
    public void toTensor(RgbImage image, FloatBuffer target, int offset) {
        if (image.width() != size || image.height() != size) {
            throw new IllegalArgumentException(image + " is not of the model's size " + size + " x " + size);
        }
        float[] plane = new float[size * size];
        for (int c = 0; c < CHANNELS; c++) {
            readPlane(image, c, plane);
            target.put(offset + c * plane.length, plane);
        }
    }

    private void readPlane(RgbImage image, int channel, float[] plane) {
        float[] table = normalised(channel);
        byte[] samples = image.samples();
        for (int i = 0, at = channel; i < plane.length; i++, at += CHANNELS) {
            plane[i] = table[samples[at] & 0xFF];
        }
    }

    /** The normalised value of each sample, in PyTorch's order of float32 operations. */
    private float[] normalised(int channel) {
        float[] table = new float[256];
        for (int sample = 0; sample < table.length; sample++) {
            table[sample] = (sample / 255f - mean.get(channel)) / std.get(channel);
        }
        return table;
    }
}
