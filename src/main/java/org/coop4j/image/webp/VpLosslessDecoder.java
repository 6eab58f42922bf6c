package org.coop4j.image.webp;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;
import org.coop4j.image.RgbImage;

/** Decodes the lossless form of WebP ("WebP Lossless Bitstream Specification"); pixels are ARGB. */
final class VpLosslessDecoder {
    private static final int SIGNATURE = 0x2F;
    private static final int LITERALS = 256;
    private static final int LENGTH_CODES = 24;
    private static final int DISTANCE_CODES = 40;
    private static final int HASH = 0x1E35A7BD;
    private static final int[] LENGTH_ORDER = {
        17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    };

    /**
     * Nearby pixels by distance code, less 1: rows above in the upper four bits, 8 less the columns
     * to the left below.
     */
    private static final int[] NEARBY = {
        0x18, 0x07, 0x17, 0x19, 0x28, 0x06, 0x27, 0x29, 0x16, 0x1a, 0x26, 0x2a, 0x38, 0x05, 0x37,
        0x39, 0x15, 0x1b, 0x36, 0x3a, 0x25, 0x2b, 0x48, 0x04, 0x47, 0x49, 0x14, 0x1c, 0x35, 0x3b,
        0x46, 0x4a, 0x24, 0x2c, 0x58, 0x45, 0x4b, 0x34, 0x3c, 0x03, 0x57, 0x59, 0x13, 0x1d, 0x56,
        0x5a, 0x23, 0x2d, 0x44, 0x4c, 0x55, 0x5b, 0x33, 0x3d, 0x68, 0x02, 0x67, 0x69, 0x12, 0x1e,
        0x66, 0x6a, 0x22, 0x2e, 0x54, 0x5c, 0x43, 0x4d, 0x65, 0x6b, 0x32, 0x3e, 0x78, 0x01, 0x77,
        0x79, 0x53, 0x5d, 0x11, 0x1f, 0x64, 0x6c, 0x42, 0x4e, 0x76, 0x7a, 0x21, 0x2f, 0x75, 0x7b,
        0x31, 0x3f, 0x63, 0x6d, 0x52, 0x5e, 0x00, 0x74, 0x7c, 0x41, 0x4f, 0x10, 0x20, 0x62, 0x6e,
        0x30, 0x73, 0x7d, 0x51, 0x5f, 0x40, 0x72, 0x7e, 0x61, 0x6f, 0x50, 0x71, 0x7f, 0x60, 0x70
    };

    private final ImageSource source;
    private final VpLosslessBits in;

    private VpLosslessDecoder(ImageSource source, int start, int end) {
        this.source = source;
        this.in = new VpLosslessBits(source, start, end);
    }

    /** The five codes of a region of the image. */
    private record Codes(
            VpLosslessCode green,
            VpLosslessCode red,
            VpLosslessCode blue,
            VpLosslessCode alpha,
            VpLosslessCode distance) {}

    /**
     * Decodes the bitstream from {@code start} to {@code end} of the file.
     *
     * @param canvas pixels of what it will be put on, 0 for nothing
     */
    static RgbImage decode(ImageSource source, int start, int end, long canvas)
            throws ImageException {
        return new VpLosslessDecoder(source, start, end).decode(canvas);
    }

    private RgbImage decode(long canvas) throws ImageException {
        if (in.read(8) != SIGNATURE) {
            throw source.error("is damaged: its lossless data lack their signature");
        }
        int width = in.read(14) + 1;
        int height = in.read(14) + 1;
        source.requireSize(width, height);
        // ARGB twice where a palette is looked up, the data of transforms, and RGB.
        source.takeMemory(Math.max((long) width * height, canvas), canvas > 0 ? 15 : 12);
        in.read(1); // whether alpha is used
        if (in.read(3) != 0) {
            throw source.error("is lossless WebP of an unknown version");
        }
        Deque<VpLosslessTransform> transforms = new ArrayDeque<>();
        int codedWidth = readTransforms(width, height, transforms);
        int[] pixels = readImage(codedWidth, height, true);
        for (VpLosslessTransform transform : transforms) {
            pixels = transform.invert(pixels);
        }
        byte[] rgb = new byte[Math.multiplyExact(3 * width, height)];
        for (int i = 0, at = 0; at < rgb.length; i++, at += 3) {
            rgb[at] = (byte) (pixels[i] >> 16);
            rgb[at + 1] = (byte) (pixels[i] >> 8);
            rgb[at + 2] = (byte) pixels[i];
        }
        return new RgbImage(width, height, rgb);
    }

    /**
     * Reads the transforms, last first, and returns the width of the image that they are applied
     * to.
     */
    private int readTransforms(int width, int height, Deque<VpLosslessTransform> transforms)
            throws ImageException {
        Set<VpLosslessTransform.Kind> seen = EnumSet.noneOf(VpLosslessTransform.Kind.class);
        int codedWidth = width;
        while (in.flag()) {
            VpLosslessTransform.Kind kind = VpLosslessTransform.Kind.of(in.read(2));
            if (!seen.add(kind)) {
                throw source.error("is damaged: it has a transform twice");
            }
            int w = codedWidth;
            switch (kind) {
                case PREDICTOR, CROSS_COLOUR -> {
                    int bits = in.read(3) + 2;
                    int[] data = readImage(tiles(w, bits), tiles(height, bits), false);
                    transforms.push(new VpLosslessTransform(kind, w, height, bits, data));
                }
                case SUBTRACT_GREEN ->
                        transforms.push(new VpLosslessTransform(kind, w, height, 0, new int[0]));
                case PALETTE -> {
                    int colours = in.read(8) + 1;
                    int bits = colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3;
                    int[] palette = readPalette(colours);
                    transforms.push(new VpLosslessTransform(kind, w, height, bits, palette));
                    codedWidth = tiles(w, bits);
                }
            }
        }
        return codedWidth;
    }

    private int[] readPalette(int colours) throws ImageException {
        int[] differences = readImage(colours, 1, false);
        int[] palette = new int[256]; // an index beyond the palette is transparent black
        int colour = 0;
        for (int i = 0; i < colours; i++) {
            colour = VpLosslessTransform.add(colour, differences[i]);
            palette[i] = colour;
        }
        return palette;
    }

    static int tiles(int length, int bits) {
        return (length + (1 << bits) - 1) >> bits;
    }

    /**
     * Reads an entropy-coded image.
     *
     * @param main whether it is the image itself, whose regions may have codes of their own
     */
    private int[] readImage(int width, int height, boolean main) throws ImageException {
        int cacheBits = in.flag() ? in.read(4) : 0;
        if (cacheBits > 11) {
            throw source.error("is damaged: its colour cache has " + cacheBits + " bits");
        }
        int regionBits = 0;
        int[] regions = null;
        int groups = 1;
        if (main && in.flag()) {
            regionBits = in.read(3) + 2;
            regions = readImage(tiles(width, regionBits), tiles(height, regionBits), false);
            for (int i = 0; i < regions.length; i++) {
                regions[i] = regions[i] >> 8 & 0xFFFF;
                groups = Math.max(groups, regions[i] + 1);
            }
        }
        Codes[] codes = new Codes[groups];
        for (int i = 0; i < groups; i++) {
            codes[i] = readCodes(cacheBits);
        }
        return readPixels(width, height, codes, regions, regionBits, cacheBits);
    }

    private Codes readCodes(int cacheBits) throws ImageException {
        int cacheCodes = cacheBits > 0 ? 1 << cacheBits : 0;
        return new Codes(
                readCode(LITERALS + LENGTH_CODES + cacheCodes),
                readCode(LITERALS),
                readCode(LITERALS),
                readCode(LITERALS),
                readCode(DISTANCE_CODES));
    }

    private VpLosslessCode readCode(int alphabet) throws ImageException {
        if (!in.flag()) {
            return VpLosslessCode.of(readLengths(alphabet), source);
        }
        boolean two = in.flag();
        int first = in.read(in.flag() ? 8 : 1);
        if (!two) {
            return VpLosslessCode.ofOne(requireSymbol(first, alphabet));
        }
        int second = in.read(8);
        int[] lengths = new int[alphabet];
        lengths[requireSymbol(first, alphabet)] = 1;
        lengths[requireSymbol(second, alphabet)] = 1;
        return VpLosslessCode.of(lengths, source);
    }

    private int requireSymbol(int symbol, int alphabet) throws ImageException {
        if (symbol >= alphabet) {
            throw source.error("is damaged: a prefix code has the symbol " + symbol);
        }
        return symbol;
    }

    /** Reads the lengths of a code, which are coded by a code themselves. */
    private int[] readLengths(int alphabet) throws ImageException {
        int[] lengthLengths = new int[LENGTH_ORDER.length];
        int given = in.read(4) + 4;
        for (int i = 0; i < given; i++) {
            lengthLengths[LENGTH_ORDER[i]] = in.read(3);
        }
        VpLosslessCode code = VpLosslessCode.of(lengthLengths, source);
        int left = alphabet;
        if (in.flag()) {
            left = 2 + in.read(2 + 2 * in.read(3));
        }
        int[] lengths = new int[alphabet];
        int previous = 8;
        for (int symbol = 0; symbol < alphabet && left > 0; left--) {
            int length = code.read(in);
            if (length < 16) {
                lengths[symbol++] = length;
                previous = length == 0 ? previous : length;
                continue;
            }
            int repeat =
                    switch (length) {
                        case 16 -> 3 + in.read(2);
                        case 17 -> 3 + in.read(3);
                        default -> 11 + in.read(7);
                    };
            if (symbol + repeat > alphabet) {
                throw source.error("is damaged: a prefix code is too long");
            }
            Arrays.fill(lengths, symbol, symbol + repeat, length == 16 ? previous : 0);
            symbol += repeat;
        }
        return lengths;
    }

    private int[] readPixels(
            int width, int height, Codes[] codes, int[] regions, int regionBits, int cacheBits)
            throws ImageException {
        int[] pixels = new int[Math.multiplyExact(width, height)];
        int[] cache = new int[1 << cacheBits];
        int cached = 0; // pixels before it are in the cache
        int at = 0;
        while (at < pixels.length) {
            Codes code = codes[regions == null ? 0 : regions[region(at, width, regionBits)]];
            int green = code.green().read(in);
            if (green < LITERALS) {
                int red = code.red().read(in);
                int blue = code.blue().read(in);
                int alpha = code.alpha().read(in);
                pixels[at++] = alpha << 24 | red << 16 | green << 8 | blue;
            } else if (green < LITERALS + LENGTH_CODES) {
                at = copy(pixels, at, green - LITERALS, code, width);
            } else {
                for (; cached < at; cached++) {
                    cache[hash(pixels[cached], cacheBits)] = pixels[cached];
                }
                pixels[at++] = cache[green - LITERALS - LENGTH_CODES];
            }
        }
        return pixels;
    }

    private static int region(int at, int width, int bits) {
        int row = (at / width) >> bits;
        return row * tiles(width, bits) + ((at % width) >> bits);
    }

    private static int hash(int pixel, int bits) {
        return (pixel * HASH) >>> (32 - bits);
    }

    private int copy(int[] pixels, int at, int lengthCode, Codes code, int width)
            throws ImageException {
        int length = readPrefixed(lengthCode);
        int distance = distance(readPrefixed(code.distance().read(in)), width);
        if (distance > at || length > pixels.length - at) {
            throw source.error("is damaged: it copies pixels from outside of the picture");
        }
        for (int i = at; i < at + length; i++) {
            pixels[i] = pixels[i - distance];
        }
        return at + length;
    }

    /** A number whose magnitude is the code and whose lower bits follow. */
    private int readPrefixed(int code) throws ImageException {
        if (code < 4) {
            return code + 1;
        }
        int extra = (code - 2) >> 1;
        return ((2 + (code & 1)) << extra) + in.read(extra) + 1;
    }

    private static int distance(int code, int width) {
        if (code > NEARBY.length) {
            return code - NEARBY.length;
        }
        int nearby = NEARBY[code - 1];
        return Math.max(1, (nearby >> 4) * width + 8 - (nearby & 15));
    }
}
