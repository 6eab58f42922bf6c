package org.coop4j.pretraindata;

import java.awt.image.BufferedImage;

/**
 * Two 64-bit hashes of a square picture, near for pictures that look alike: the signs of the lowest
 * frequencies of its brightness, and of its outlines, which a change of colours leaves as they are.
 *
 * <p>Each is a DCT of a 32 by 32 reduction, its 8 by 8 lowest frequencies held against their median
 * (C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
 *
 * @param brightness hash of the brightness
 * @param outlines hash of the brightness gradient's length
 */
public record PerceptualHash(long brightness, long outlines) {
    /** Pictures differing in no more bits than this, of either hash, are taken for one drawing. */
    public static final int NEAR = 5;

    /**
     * Pictures of one series differing in no more bits than this are taken for one drawing; those
     * that have nothing in common differ in some 32.
     */
    static final int RELATED = 14;

    private static final int REDUCED = 32;
    private static final int KEPT = 8;
    private static final double[][] COSINES = cosines();

    /** Returns the hashes of a picture of {@link SquarePicture#SIDE} by {@link SquarePicture#SIDE}. */
    public static PerceptualHash of(BufferedImage square) {
        double[][] brightness = brightness(square);
        return new PerceptualHash(hash(brightness), hash(gradientLengths(brightness)));
    }

    private static double[][] brightness(BufferedImage square) {
        int side = square.getWidth();
        int[] pixels = square.getRGB(0, 0, side, side, null, 0, side);
        double[][] brightness = new double[side][side];
        for (int i = 0; i < pixels.length; i++) {
            int rgb = pixels[i];
            brightness[i / side][i % side] = 0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255);
        }
        return brightness;
    }

    /**
     * Returns the brightness hash of a picture of any shape, stretched to a square: near for photographs
     * that are copies of one, at other sizes and qualities.
     */
    public static long stretched(BufferedImage picture) {
        return hash(brightness(SmallPhotograph.drawn(picture, REDUCED, REDUCED)));
    }

    /** Returns true if either hash is within {@link #NEAR} bits. */
    public boolean isNear(PerceptualHash other) {
        return isWithin(NEAR, other);
    }

    /** Returns true if either hash is within {@link #RELATED} bits. */
    boolean isRelated(PerceptualHash other) {
        return isWithin(RELATED, other);
    }

    private boolean isWithin(int bits, PerceptualHash other) {
        return Long.bitCount(brightness ^ other.brightness) <= bits || Long.bitCount(outlines ^ other.outlines) <= bits;
    }

    private static double[][] gradientLengths(double[][] values) {
        int side = values.length;
        double[][] lengths = new double[side][side];
        for (int y = 1; y < side - 1; y++) {
            for (int x = 1; x < side - 1; x++) {
                double across = values[y][x + 1] - values[y][x - 1];
                double down = values[y + 1][x] - values[y - 1][x];
                // Any clear edge counts the same, whatever the contrast of the colours beside it.
                lengths[y][x] = Math.min(Math.hypot(across, down), 64);
            }
        }
        return lengths;
    }

    private static long hash(double[][] values) {
        double[][] reduced = reduce(values);
        double[] frequencies = new double[KEPT * KEPT];
        for (int v = 0; v < KEPT; v++) {
            for (int u = 0; u < KEPT; u++) {
                frequencies[v * KEPT + u] = cosineSum(reduced, u, v);
            }
        }
        double[] sorted = frequencies.clone();
        java.util.Arrays.sort(sorted);
        double median = (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
        long bits = 0;
        for (int i = 0; i < frequencies.length; i++) {
            bits |= frequencies[i] > median ? 1L << i : 0;
        }
        return bits;
    }

    private static double[][] reduce(double[][] values) {
        int block = values.length / REDUCED;
        double[][] reduced = new double[REDUCED][REDUCED];
        for (int y = 0; y < REDUCED * block; y++) {
            for (int x = 0; x < REDUCED * block; x++) {
                reduced[y / block][x / block] += values[y][x] / (block * block);
            }
        }
        return reduced;
    }

    private static double cosineSum(double[][] values, int u, int v) {
        double sum = 0;
        for (int y = 0; y < REDUCED; y++) {
            double vertical = COSINES[v][y];
            for (int x = 0; x < REDUCED; x++) {
                sum += values[y][x] * vertical * COSINES[u][x];
            }
        }
        return sum;
    }

    /** Returns the cosines [frequency][place]. */
    private static double[][] cosines() {
        double[][] cosines = new double[KEPT][REDUCED];
        for (int u = 0; u < KEPT; u++) {
            for (int x = 0; x < REDUCED; x++) {
                cosines[u][x] = Math.cos((2 * x + 1) * u * Math.PI / (2 * REDUCED));
            }
        }
        return cosines;
    }
}
