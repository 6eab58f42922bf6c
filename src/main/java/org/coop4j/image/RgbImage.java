package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import org.coop4j.base.Require;

/**
 * An image of 8-bit red, green and blue samples.
 *
 * @param width pixels of a row
 * @param height rows
 * @param samples [height, width, 3], row by row, red first; not copied, must not be changed
 */
@SuppressWarnings("ArrayRecordComponent") // compared below
public record RgbImage(int width, int height, byte[] samples) {

    /** Side of the picture whose frequencies are the outline. */
    private static final int OUTLINE = 32;

    /** Number of frequencies in each direction. */
    private static final int FREQUENCIES = 8;

    private static final double[][] WAVES = waves();

    /** The odd horizontal frequencies, whose signs a mirror changes. */
    private static final long ODD = 0xAAAAAAAAAAAAAAAAL;

    public RgbImage {
        Require.that(width >= 1 && height >= 1, "image of %s x %s pixels: expected 1 x 1 or more", width, height);
        long wanted = 3L * width * height;
        Require.that(
                samples.length == wanted,
                "image of %d x %d pixels takes %d samples, not %d",
                width,
                height,
                wanted,
                samples.length);
    }

    /**
     * Returns a copy of a Java image: 8-bit samples unchanged, others scaled to 8 bits, alpha dropped without blending,
     * as {@link ImageDecoder} does with a file.
     */
    public static RgbImage of(BufferedImage image) {
        return Pixels.copy(image);
    }

    /** Returns the pixel as {@code 0xRRGGBB}. */
    public int rgb(int x, int y) {
        int at = 3 * (y * width + x);
        return (samples[at] & 0xFF) << 16 | (samples[at + 1] & 0xFF) << 8 | (samples[at + 2] & 0xFF);
    }

    /** Returns the image mirrored left to right. */
    public RgbImage flipped() {
        return ExifOrientation.turn(this, ExifOrientation.MIRRORED);
    }

    /**
     * Returns the mean square of the Laplacian of green by its variance: about 1 for a photograph, less where no edge is
     * sharp, 20 for noise, and 0 for one colour.
     */
    public double sharpness() {
        double sum = 0;
        double squares = 0;
        double edges = 0;
        int n = Math.max(1, (width - 2) * (height - 2));
        for (int y = 1; y < height - 1; y++) {
            for (int x = 1; x < width - 1; x++) {
                int own = green(x, y);
                int edge = 4 * own - green(x - 1, y) - green(x + 1, y) - green(x, y - 1) - green(x, y + 1);
                sum += own;
                squares += own * own;
                edges += edge * edge;
            }
        }
        double variance = squares - sum * sum / n;
        return variance <= 0 ? 0 : edges / variance;
    }

    /**
     * Returns the signs of the lowest frequencies of the brightness, which a picture keeps that is resized or saved anew: a
     * perceptual hash by the discrete cosine transform (Zauner, Implementation and Benchmarking of Perceptual Image Hash
     * Functions, 2010), with the signs of the frequencies in place of a comparison with their median.
     */
    public long outline() {
        RgbImage small = PillowResize.resize(this, OUTLINE, OUTLINE);
        double[][] rows = new double[OUTLINE][FREQUENCIES]; // by row and horizontal frequency
        for (int y = 0; y < OUTLINE; y++) {
            for (int x = 0; x < OUTLINE; x++) {
                int at = 3 * (y * OUTLINE + x);
                double brightness = 0.299 * (small.samples[at] & 0xFF)
                        + 0.587 * (small.samples[at + 1] & 0xFF)
                        + 0.114 * (small.samples[at + 2] & 0xFF);
                for (int u = 0; u < FREQUENCIES; u++) {
                    rows[y][u] += brightness * WAVES[u][x];
                }
            }
        }
        long signs = 0;
        for (int v = 0; v < FREQUENCIES; v++) {
            for (int u = 0; u < FREQUENCIES; u++) {
                double sum = 0;
                for (int y = 0; y < OUTLINE; y++) {
                    sum += rows[y][u] * WAVES[v][y];
                }
                signs |= sum > 0 && u + v > 0 ? 1L << (v * FREQUENCIES + u) : 0;
            }
        }
        return signs;
    }

    private static double[][] waves() {
        double[][] waves = new double[FREQUENCIES][OUTLINE];
        for (int u = 0; u < FREQUENCIES; u++) {
            for (int x = 0; x < OUTLINE; x++) {
                waves[u][x] = StrictMath.cos(Math.PI * u * (x + 0.5) / OUTLINE);
            }
        }
        return waves;
    }

    /** Returns the number of signs in which two outlines differ, 0 to 63, one of them mirrored if that is less. */
    public static int difference(long outline, long other) {
        return Math.min(Long.bitCount(outline ^ other), Long.bitCount(outline ^ mirrored(other)));
    }

    /** Returns the outline of the image mirrored left to right. */
    public static long mirrored(long outline) {
        return outline ^ ODD;
    }

    /** Returns true if two outlines differ in more than some signs, and in no more of them once one is mirrored. */
    public static boolean areMirrored(long outline, long other, int most) {
        return Long.bitCount(outline ^ other) > most && difference(outline, other) <= most;
    }

    private int green(int x, int y) {
        return samples[3 * (y * width + x) + 1] & 0xFF;
    }

    /** Compares the sizes and all samples. */
    @Override
    public boolean equals(Object other) {
        return other instanceof RgbImage image
                && image.width == width
                && image.height == height
                && Arrays.equals(image.samples, samples);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * width + height) + Arrays.hashCode(samples);
    }

    @Override
    public String toString() {
        return "RgbImage[" + width + " x " + height + "]";
    }

    /**
     * A rectangle of pixels.
     *
     * @param left first column
     * @param top first row
     * @param width number of columns, 1 or more
     * @param height number of rows, 1 or more
     */
    public record CropBox(int left, int top, int width, int height) {
        public CropBox {
            Require.that(
                    left >= 0 && top >= 0 && width >= 1 && height >= 1,
                    "crop of %s x %s at %s, %s: expected 1 x 1 or more at 0, 0 or beyond",
                    width,
                    height,
                    left,
                    top);
        }

        /** Returns the whole of an image. */
        public static CropBox whole(int width, int height) {
            return new CropBox(0, 0, width, height);
        }

        void requireWithin(int imageWidth, int imageHeight) {
            // Compared without adding, so that nothing overflows.
            Require.that(
                    left <= imageWidth - width && top <= imageHeight - height,
                    "%s reaches beyond the image of %s x %s",
                    this,
                    imageWidth,
                    imageHeight);
        }
    }
}
