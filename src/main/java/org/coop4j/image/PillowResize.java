package org.coop4j.image;

import java.util.Arrays;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.model.PreprocessConfig.Interpolation;

/**
 * Pillow's antialiased resize, equal to the last bit.
 *
 * <p>Two passes of fixed-point sums, horizontal then vertical, rounded to 8 bits between them (Pillow, {@code
 * Resample.c}). The filter widens with the scale, so that reduced images are antialiased. Only the wanted part of the
 * output is computed: a centre crop of a huge enlargement is as cheap as any other.
 */
public final class PillowResize {
    private static final int CHANNELS = 3;

    /** Fractional bits of a weight: 32 less 8 for the pixel less 2 for sign and overshoot. */
    private static final int PRECISION = 22;

    private static final int HALF = 1 << (PRECISION - 1);

    private static final double A = -0.5;

    private final RgbImage image;
    private final CropBox source;
    private final Kernel columns;
    private final Kernel rows;
    private final int width;
    private final int height;

    private PillowResize(
            RgbImage image, CropBox source, int scaledWidth, int scaledHeight, CropBox window, Interpolation filter) {
        this.image = image;
        this.source = source;
        this.width = window.width();
        this.height = window.height();
        this.columns = Kernel.of(source.width(), scaledWidth, window.left(), width, filter);
        this.rows = Kernel.of(source.height(), scaledHeight, window.top(), height, filter);
    }

    /** Resizes the image to exactly the given size, bicubically. */
    public static RgbImage resize(RgbImage image, int width, int height) {
        return resize(image, width, height, CropBox.whole(width, height), Interpolation.BICUBIC);
    }

    /**
     * Crops, then resizes the crop to exactly the given size; pixels outside of the crop have no effect.
     *
     * @throws IllegalArgumentException if the crop reaches beyond the image
     */
    public static RgbImage resize(RgbImage image, CropBox crop, int width, int height, Interpolation filter) {
        return resize(image, crop, width, height, CropBox.whole(width, height), filter);
    }

    /**
     * Resizes the image to the given size and crops the result.
     *
     * @param window the part of the resized image to return
     * @throws IllegalArgumentException if the window reaches beyond the resized image
     */
    public static RgbImage resize(RgbImage image, int width, int height, CropBox window, Interpolation filter) {
        return resize(image, CropBox.whole(image.width(), image.height()), width, height, window, filter);
    }

    /** Returns Keys' cubic convolution (1981) with a = −1/2 at a distance of 0 or more pixels. */
    public static double cubic(double x) {
        if (x < 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        if (x < 2) {
            return (((x - 5) * x + 8) * x - 4) * A;
        }
        return 0;
    }

    private static RgbImage resize(
            RgbImage image, CropBox crop, int width, int height, CropBox window, Interpolation filter) {
        crop.requireWithin(image.width(), image.height());
        window.requireWithin(width, height);
        return new PillowResize(image, crop, width, height, window, filter).run();
    }

    private RgbImage run() {
        byte[] output = new byte[Math.multiplyExact(CHANNELS * width, height)];
        // Rows after the horizontal pass. The vertical kernel moves down, so a ring of its height is enough, and each
        // row of the source is resized once. As ints, since C2 vectorises the vertical sums only then.
        int[][] ring = new int[rows.stride][CHANNELS * width];
        int[] sums = new int[CHANNELS * width];
        int done = rows.first[0];
        for (int y = 0; y < height; y++) {
            int first = rows.first[y];
            int end = first + rows.count[y];
            for (done = Math.max(done, first); done < end; done++) {
                resizeRow(done, ring[done % ring.length]);
            }
            Arrays.fill(sums, HALF);
            for (int k = 0; k < rows.count[y]; k++) {
                int weight = rows.weights[y * rows.stride + k];
                addScaled(sums, ring[(first + k) % ring.length], weight);
            }
            store(sums, output, y * sums.length);
        }
        return new RgbImage(width, height, output);
    }

    /** Runs the horizontal pass of one row of the source. */
    private void resizeRow(int row, int[] target) {
        byte[] samples = image.samples();
        int[] weights = columns.weights;
        int rowStart = CHANNELS * ((source.top() + row) * image.width() + source.left());
        for (int x = 0; x < width; x++) {
            int at = rowStart + CHANNELS * columns.first[x];
            int weight = x * columns.stride;
            int end = weight + columns.count[x];
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            for (; weight < end; weight++, at += CHANNELS) {
                int w = weights[weight];
                red += (samples[at] & 0xFF) * w;
                green += (samples[at + 1] & 0xFF) * w;
                blue += (samples[at + 2] & 0xFF) * w;
            }
            target[CHANNELS * x] = Pixels.clamp(red >> PRECISION);
            target[CHANNELS * x + 1] = Pixels.clamp(green >> PRECISION);
            target[CHANNELS * x + 2] = Pixels.clamp(blue >> PRECISION);
        }
    }

    private static void addScaled(int[] sums, int[] row, int weight) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += row[i] * weight;
        }
    }

    private static void store(int[] sums, byte[] output, int offset) {
        for (int i = 0; i < sums.length; i++) {
            output[offset + i] = (byte) Pixels.clamp(sums[i] >> PRECISION);
        }
    }

    /**
     * The fixed-point weights of Pillow's resize along one axis, for a window of its outputs.
     *
     * <p>Output {@code i} is the sum over {@code k < count[i]} of {@code weights[i * stride + k]} times input {@code
     * first[i] + k}, in units of 2<sup>-22</sup> (Pillow, {@code Resample.c}: {@code precompute_coeffs} and {@code
     * normalize_coeffs_8bpc}).
     *
     * @param first first input of each output
     * @param count number of inputs of each output
     * @param stride distance between the weights of one output and the next
     * @param weights [outputs, stride]
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Kernel(int[] first, int[] count, int stride, int[] weights) {

        /**
         * Computes the weights of a resize along one axis.
         *
         * @param inputs length of the input axis
         * @param outputs length of the whole output axis
         * @param from first output wanted
         * @param wanted number of outputs wanted
         */
        static Kernel of(int inputs, int outputs, int from, int wanted, Interpolation filter) {
            double scale = (double) inputs / outputs;
            double filterScale = Math.max(scale, 1);
            double support = (filter == Interpolation.BICUBIC ? 2 : 1) * filterScale;
            int stride = Math.min(inputs, (int) Math.ceil(support) * 2 + 1);
            int[] first = new int[wanted];
            int[] count = new int[wanted];
            int[] weights = new int[Math.multiplyExact(wanted, stride)];
            double[] row = new double[stride];
            for (int i = 0; i < wanted; i++) {
                double center = (from + i + 0.5) * scale;
                int low = Math.max(0, (int) (center - support + 0.5));
                int high = Math.min(inputs, (int) (center + support + 0.5));
                first[i] = low;
                count[i] = high - low;
                fill(row, count[i], low - center, 1 / filterScale, filter);
                for (int k = 0; k < count[i]; k++) {
                    weights[i * stride + k] = fixedPoint(row[k]);
                }
            }
            return new Kernel(first, count, stride, weights);
        }

        /** Puts the weights of one output, whose sum is 1, into the row. */
        private static void fill(double[] row, int count, double offset, double inverseScale, Interpolation filter) {
            double sum = 0;
            for (int k = 0; k < count; k++) {
                double x = Math.abs((k + offset + 0.5) * inverseScale);
                row[k] = filter == Interpolation.BICUBIC ? cubic(x) : Math.max(0, 1 - x);
                sum += row[k];
            }
            for (int k = 0; k < count && sum != 0; k++) {
                row[k] /= sum;
            }
        }

        private static int fixedPoint(double weight) {
            double scaled = weight * (1 << PRECISION);
            return (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
    }
}
