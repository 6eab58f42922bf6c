package org.coop4j.image.webp;

/**
 * A reversible transform of lossless WebP, inverted on ARGB pixels.
 *
 * <p>The data are one pixel for each tile of 2<sup>bits</sup> squared, or the palette, of which
 * 2<sup>bits</sup> indices are packed into a pixel.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record VpLosslessTransform(Kind kind, int width, int height, int bits, int[] data) {

    private static final int BLACK = 0xFF000000;

    /** What a transform does. */
    enum Kind {
        PREDICTOR,
        CROSS_COLOUR,
        SUBTRACT_GREEN,
        PALETTE;

        /** The kind of a number in the bitstream, 0 to 3. */
        static Kind of(int number) {
            return switch (number) {
                case 0 -> PREDICTOR;
                case 1 -> CROSS_COLOUR;
                case 2 -> SUBTRACT_GREEN;
                default -> PALETTE;
            };
        }
    }

    /** Returns the pixels before the transform: the same array, changed, except for a palette. */
    int[] invert(int[] pixels) {
        switch (kind) {
            case PREDICTOR -> addPredictions(pixels);
            case CROSS_COLOUR -> addCrossColours(pixels);
            case SUBTRACT_GREEN -> addGreen(pixels);
            case PALETTE -> {
                return lookUp(pixels);
            }
        }
        return pixels;
    }

    private int tile(int x, int y) {
        return data[(y >> bits) * VpLosslessDecoder.tiles(width, bits) + (x >> bits)];
    }

    /** Adds channel by channel, modulo 256. */
    static int add(int a, int b) {
        int alphaGreen = (a & 0xFF00FF00) + (b & 0xFF00FF00);
        int redBlue = (a & 0x00FF00FF) + (b & 0x00FF00FF);
        return (alphaGreen & 0xFF00FF00) | (redBlue & 0x00FF00FF);
    }

    private void addPredictions(int[] pixels) {
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at++) {
                pixels[at] = add(pixels[at], prediction(pixels, x, y, at));
            }
        }
    }

    private int prediction(int[] pixels, int x, int y, int at) {
        if (y == 0) {
            return x == 0 ? BLACK : pixels[at - 1];
        }
        int top = pixels[at - width];
        if (x == 0) {
            return top;
        }
        int left = pixels[at - 1];
        int topLeft = pixels[at - width - 1];
        // In the last column this is the first pixel of the row itself, as the specification has
        // it.
        int topRight = pixels[at - width + 1];
        return switch (tile(x, y) >> 8 & 15) {
            case 1 -> left;
            case 2 -> top;
            case 3 -> topRight;
            case 4 -> topLeft;
            case 5 -> mean(mean(left, topRight), top);
            case 6 -> mean(left, topLeft);
            case 7 -> mean(left, top);
            case 8 -> mean(topLeft, top);
            case 9 -> mean(top, topRight);
            case 10 -> mean(mean(left, topLeft), mean(top, topRight));
            case 11 -> nearer(left, top, topLeft);
            case 12 -> gradient(left, top, topLeft);
            case 13 -> halfGradient(mean(left, top), topLeft);
            default -> BLACK;
        };
    }

    /** Of each channel, rounded down. */
    private static int mean(int a, int b) {
        return (((a ^ b) & 0xFEFEFEFE) >>> 1) + (a & b);
    }

    /** Left or top, whichever is closer to left + top - topLeft. */
    private static int nearer(int left, int top, int topLeft) {
        int difference = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            int corner = topLeft >>> shift & 0xFF;
            difference += Math.abs((left >>> shift & 0xFF) - corner);
            difference -= Math.abs((top >>> shift & 0xFF) - corner);
        }
        return difference <= 0 ? top : left;
    }

    private static int gradient(int left, int top, int topLeft) {
        int result = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            int a = left >>> shift & 0xFF;
            int b = top >>> shift & 0xFF;
            int c = topLeft >>> shift & 0xFF;
            result |= clamp(a + b - c) << shift;
        }
        return result;
    }

    private static int halfGradient(int mean, int topLeft) {
        int result = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            int a = mean >>> shift & 0xFF;
            int b = topLeft >>> shift & 0xFF;
            result |= clamp(a + (a - b) / 2) << shift;
        }
        return result;
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }

    private void addCrossColours(int[] pixels) {
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at++) {
                int multipliers = tile(x, y);
                int pixel = pixels[at];
                byte green = (byte) (pixel >> 8);
                int red = (pixel >> 16) + product(multipliers, green);
                int blue =
                        pixel
                                + product(multipliers >> 8, green)
                                + product(multipliers >> 16, (byte) red);
                pixels[at] = (pixel & 0xFF00FF00) | (red & 0xFF) << 16 | (blue & 0xFF);
            }
        }
    }

    /** Of the low byte of the multiplier, in 1/32. */
    private static int product(int multiplier, byte channel) {
        return ((byte) multiplier * channel) >> 5;
    }

    private static void addGreen(int[] pixels) {
        for (int i = 0; i < pixels.length; i++) {
            int green = pixels[i] >> 8 & 0xFF;
            pixels[i] = add(pixels[i], green << 16 | green);
        }
    }

    private int[] lookUp(int[] packed) {
        int[] pixels = new int[Math.multiplyExact(width, height)];
        int packedWidth = VpLosslessDecoder.tiles(width, bits);
        int indexBits = 8 >> bits;
        int within = (1 << bits) - 1;
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at++) {
                int indices = packed[y * packedWidth + (x >> bits)] >> 8 & 0xFF;
                int index = indices >> ((x & within) * indexBits) & ((1 << indexBits) - 1);
                pixels[at] = data[index];
            }
        }
        return pixels;
    }
}
