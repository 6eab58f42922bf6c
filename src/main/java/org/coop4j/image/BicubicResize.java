package org.coop4j.image;

import java.util.Arrays;

/**
 * Pillow's antialiased bicubic resize, equal to the last bit.
 *
 * <p>Two passes of fixed-point sums, horizontal then vertical, rounded to 8 bits between them
 * (Pillow, {@code Resample.c}). The filter widens with the scale, so that reduced images are
 * antialiased. Only what the wanted part of the output depends on is computed: a centre crop of a
 * huge enlargement is as cheap as any other.
 */
public final class BicubicResize {
    private static final int CHANNELS = 3;

    private final RgbImage image;
    private final CropBox source;
    private final BicubicKernel columns;
    private final BicubicKernel rows;
    private final int width;
    private final int height;

    private BicubicResize(
            RgbImage image, CropBox source, int scaledWidth, int scaledHeight, CropBox window) {
        this.image = image;
        this.source = source;
        this.width = window.width();
        this.height = window.height();
        this.columns = BicubicKernel.of(source.width(), scaledWidth, window.left(), width);
        this.rows = BicubicKernel.of(source.height(), scaledHeight, window.top(), height);
    }

    /** Resizes the image to exactly the given size. */
    public static RgbImage resize(RgbImage image, int width, int height) {
        return resize(image, CropBox.whole(image.width(), image.height()), width, height);
    }

    /**
     * Crops, then resizes the crop to exactly the given size; pixels outside of the crop have no
     * effect.
     *
     * @throws IllegalArgumentException when the crop reaches beyond the image
     */
    public static RgbImage resize(RgbImage image, CropBox crop, int width, int height) {
        return resize(image, crop, width, height, CropBox.whole(width, height));
    }

    /**
     * Resizes the image to the given size and crops the result.
     *
     * @param window the part of the resized image to return
     * @throws IllegalArgumentException when the window reaches beyond the resized image
     */
    public static RgbImage resize(RgbImage image, int width, int height, CropBox window) {
        CropBox whole = CropBox.whole(image.width(), image.height());
        return resize(image, whole, width, height, window);
    }

    private static RgbImage resize(
            RgbImage image, CropBox crop, int width, int height, CropBox window) {
        crop.requireWithin(image.width(), image.height());
        window.requireWithin(width, height);
        return new BicubicResize(image, crop, width, height, window).run();
    }

    private RgbImage run() {
        byte[] output = new byte[Math.multiplyExact(CHANNELS * width, height)];
        // Rows after the horizontal pass. The vertical kernel moves down, so a ring of its height
        // is enough, and each row of
        // the source is resized once. As ints, since C2 turns the vertical sums into vector code
        // only then.
        int[][] ring = new int[rows.stride][CHANNELS * width];
        int[] sums = new int[CHANNELS * width];
        int done = rows.first[0];
        for (int y = 0; y < height; y++) {
            int first = rows.first[y];
            int end = first + rows.count[y];
            for (done = Math.max(done, first); done < end; done++) {
                resizeRow(done, ring[done % ring.length]);
            }
            Arrays.fill(sums, BicubicKernel.HALF);
            for (int k = 0; k < rows.count[y]; k++) {
                int weight = rows.weights[y * rows.stride + k];
                addScaled(sums, ring[(first + k) % ring.length], weight);
            }
            store(sums, output, y * sums.length);
        }
        return new RgbImage(width, height, output);
    }

    /** The horizontal pass of one row of the source. */
    private void resizeRow(int row, int[] target) {
        byte[] samples = image.samples();
        int[] weights = columns.weights;
        int rowStart = CHANNELS * ((source.top() + row) * image.width() + source.left());
        for (int x = 0; x < width; x++) {
            int at = rowStart + CHANNELS * columns.first[x];
            int weight = x * columns.stride;
            int end = weight + columns.count[x];
            int red = BicubicKernel.HALF;
            int green = BicubicKernel.HALF;
            int blue = BicubicKernel.HALF;
            for (; weight < end; weight++, at += CHANNELS) {
                int w = weights[weight];
                red += (samples[at] & 0xFF) * w;
                green += (samples[at + 1] & 0xFF) * w;
                blue += (samples[at + 2] & 0xFF) * w;
            }
            target[CHANNELS * x] = clamp(red >> BicubicKernel.PRECISION);
            target[CHANNELS * x + 1] = clamp(green >> BicubicKernel.PRECISION);
            target[CHANNELS * x + 2] = clamp(blue >> BicubicKernel.PRECISION);
        }
    }

    private static void addScaled(int[] sums, int[] row, int weight) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += row[i] * weight;
        }
    }

    private static void store(int[] sums, byte[] output, int offset) {
        for (int i = 0; i < sums.length; i++) {
            output[offset + i] = (byte) clamp(sums[i] >> BicubicKernel.PRECISION);
        }
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }
}
