package org.coop4j.pretraindata;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Optional;

/**
 * Brings pictures of any size and transparency to one form: composited on white, cut to what is
 * drawn, centred in a white square with a small margin, and resized by Lanczos-3.
 */
final class SquarePicture {
    /** The side of the pictures, in pixels: half as much again as the 64 that the model reads. */
    static final int SIDE = 96;

    private static final double MARGIN = 0.04;
    private static final int NEAR_WHITE = 248;
    private static final double LEAST_INK = 0.004;
    private static final double LONGEST = 6;
    private static final int LOBES = 3;

    private SquarePicture() {}

    /**
     * Returns the picture as {@link #SIDE} by {@link #SIDE} RGB; empty where it shows next to nothing on
     * white, or is more than {@value #LONGEST} times as long as it is wide.
     */
    static Optional<BufferedImage> of(BufferedImage picture) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        int[] pixels = onWhite(picture).getRGB(0, 0, width, height, null, 0, width);
        Box box = Box.ofInk(pixels, width, height);
        if (box == null || box.isThinnerThan(LONGEST)) {
            return Optional.empty();
        }
        BufferedImage square = resize(pad(pixels, width, box));
        return inkShare(square) < LEAST_INK ? Optional.empty() : Optional.of(square);
    }

    private static BufferedImage onWhite(BufferedImage picture) {
        BufferedImage white = new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = white.createGraphics();
        try {
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, white.getWidth(), white.getHeight());
            graphics.drawImage(picture, 0, 0, null);
        } finally {
            graphics.dispose();
        }
        return white;
    }

    private static boolean isInk(int rgb) {
        return (rgb >> 16 & 255) < NEAR_WHITE || (rgb >> 8 & 255) < NEAR_WHITE || (rgb & 255) < NEAR_WHITE;
    }

    private static double inkShare(BufferedImage square) {
        int[] pixels = square.getRGB(0, 0, SIDE, SIDE, null, 0, SIDE);
        int ink = 0;
        for (int pixel : pixels) {
            ink += isInk(pixel) ? 1 : 0;
        }
        return (double) ink / pixels.length;
    }

    /** The smallest box around the pixels that are not white; right and bottom are exclusive. */
    private record Box(int left, int top, int right, int bottom) {
        static Box ofInk(int[] pixels, int width, int height) {
            int left = width;
            int top = height;
            int right = 0;
            int bottom = 0;
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    if (isInk(pixels[y * width + x])) {
                        left = Math.min(left, x);
                        right = Math.max(right, x + 1);
                        top = Math.min(top, y);
                        bottom = Math.max(bottom, y + 1);
                    }
                }
            }
            return right > left ? new Box(left, top, right, bottom) : null;
        }

        int width() {
            return right - left;
        }

        int height() {
            return bottom - top;
        }

        boolean isThinnerThan(double ratio) {
            return Math.max(width(), height()) > ratio * Math.min(width(), height());
        }
    }

    /** Returns the box's pixels, centred in a white square: channels [3][side][side]. */
    private static float[][][] pad(int[] pixels, int width, Box box) {
        int longest = Math.max(box.width(), box.height());
        int side = longest + 2 * (int) Math.ceil(longest * MARGIN);
        int left = (side - box.width()) / 2;
        int top = (side - box.height()) / 2;
        float[][][] square = new float[3][side][side];
        for (float[][] channel : square) {
            for (float[] row : channel) {
                java.util.Arrays.fill(row, 255);
            }
        }
        for (int y = 0; y < box.height(); y++) {
            for (int x = 0; x < box.width(); x++) {
                int rgb = pixels[(box.top() + y) * width + box.left() + x];
                square[0][top + y][left + x] = rgb >> 16 & 255;
                square[1][top + y][left + x] = rgb >> 8 & 255;
                square[2][top + y][left + x] = rgb & 255;
            }
        }
        return square;
    }

    private static BufferedImage resize(float[][][] channels) {
        float[][] weights = lanczos(channels[0].length);
        BufferedImage result = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int channel = 0; channel < 3; channel++) {
            float[][] small = transposedResize(transposedResize(channels[channel], weights), weights);
            int shift = 16 - 8 * channel;
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    int value = Math.max(0, Math.min(255, Math.round(small[y][x])));
                    result.setRGB(x, y, result.getRGB(x, y) | value << shift);
                }
            }
        }
        return result;
    }

    /** Resizes the rows, and turns rows to columns: twice this is a resize of both. */
    private static float[][] transposedResize(float[][] rows, float[][] weights) {
        float[][] result = new float[SIDE][rows.length];
        for (int out = 0; out < SIDE; out++) {
            float[] taps = weights[out];
            int from = (int) taps[taps.length - 1];
            for (int y = 0; y < rows.length; y++) {
                float sum = 0;
                for (int tap = 0; tap < taps.length - 1; tap++) {
                    sum += taps[tap] * rows[y][from + tap];
                }
                result[out][y] = sum;
            }
        }
        return result;
    }

    /** Returns for each output pixel its normalised weights, and behind them the first input pixel. */
    private static float[][] lanczos(int side) {
        double scale = (double) side / SIDE;
        double support = LOBES * Math.max(1, scale);
        float[][] weights = new float[SIDE][];
        for (int out = 0; out < SIDE; out++) {
            double centre = (out + 0.5) * scale;
            int from = Math.max(0, (int) Math.ceil(centre - support - 0.5));
            int to = Math.min(side, (int) Math.floor(centre + support + 0.5));
            float[] taps = new float[to - from + 1];
            double sum = 0;
            for (int in = from; in < to; in++) {
                double value = kernel((in + 0.5 - centre) / Math.max(1, scale));
                taps[in - from] = (float) value;
                sum += value;
            }
            for (int tap = 0; tap < to - from; tap++) {
                taps[tap] /= (float) sum;
            }
            taps[to - from] = from;
            weights[out] = taps;
        }
        return weights;
    }

    private static double kernel(double x) {
        if (x == 0) {
            return 1;
        }
        if (Math.abs(x) >= LOBES) {
            return 0;
        }
        double angle = Math.PI * x;
        return LOBES * Math.sin(angle) * Math.sin(angle / LOBES) / (angle * angle);
    }

    /** Returns true if the square picture has only black, white and greys. */
    static boolean isColourless(BufferedImage square) {
        int[] pixels = square.getRGB(0, 0, SIDE, SIDE, null, 0, SIDE);
        int coloured = 0;
        for (int rgb : pixels) {
            int red = rgb >> 16 & 255;
            int green = rgb >> 8 & 255;
            int blue = rgb & 255;
            int spread = Math.max(red, Math.max(green, blue)) - Math.min(red, Math.min(green, blue));
            coloured += spread > 24 ? 1 : 0;
        }
        return coloured < pixels.length * 0.005;
    }
}
