package org.coop4j.image;

import java.util.Arrays;

/**
 * The first frame of a GIF on its screen, as Pillow shows it: what the frame leaves uncovered has
 * the transparent colour, or else colour 0, and a frame that reaches beyond the screen enlarges it.
 */
final class GifDecoder {
    private static final int EXTENSION = 0x21;
    private static final int IMAGE = 0x2C;
    private static final int TRAILER = 0x3B;
    private static final int GRAPHIC_CONTROL = 0xF9;

    private final ImageSource source;
    private int at;
    private int transparent = -1;

    private GifDecoder(ImageSource source) {
        this.source = source;
    }

    static RgbImage decode(ImageSource source) throws ImageException {
        return new GifDecoder(source).decode();
    }

    private RgbImage decode() throws ImageException {
        int screenWidth = source.u16le(6);
        int screenHeight = source.u16le(8);
        int flags = source.u8(10);
        at = 13;
        byte[] globalPalette = readPalette(flags);
        seekImage();
        int left = source.u16le(at);
        int top = source.u16le(at + 2);
        int width = source.u16le(at + 4);
        int height = source.u16le(at + 6);
        int imageFlags = source.u8(at + 8);
        at += 9;
        source.requireSize(width, height);
        int canvasWidth = Math.max(screenWidth, left + width);
        int canvasHeight = Math.max(screenHeight, top + height);
        source.requireSize(canvasWidth, canvasHeight);
        source.takeMemory((long) canvasWidth * canvasHeight, 5); // two of indices, and RGB
        byte[] localPalette = readPalette(imageFlags);
        byte[] palette = localPalette != null ? localPalette : globalPalette;
        CropBox frame = new CropBox(left, top, width, height);
        boolean interlaced = (imageFlags & 0x40) != 0;
        byte[] indices = new GifLzw(source, at).decode(width, height);
        byte[] canvas = new byte[Math.multiplyExact(canvasWidth, canvasHeight)];
        Arrays.fill(canvas, (byte) Math.max(0, transparent));
        placeRows(indices, frame, interlaced, canvas, canvasWidth);
        return new RgbImage(canvasWidth, canvasHeight, lookUp(canvas, palette));
    }

    /** The colour table that the flags announce, or null; moves behind it. */
    private byte[] readPalette(int flags) throws ImageException {
        if ((flags & 0x80) == 0) {
            return null;
        }
        int length = 3 << ((flags & 7) + 1);
        source.require(at, length);
        byte[] palette = Arrays.copyOfRange(source.bytes(), at, at + length);
        at += length;
        return palette;
    }

    /** Moves behind the separator of the first image. */
    private void seekImage() throws ImageException {
        while (true) {
            int block = source.u8(at++);
            if (block == IMAGE) {
                return;
            }
            if (block == TRAILER) {
                throw source.error("is a GIF without a picture");
            }
            if (block == EXTENSION) {
                readExtension();
            }
            // Anything else is skipped, as Pillow does.
        }
    }

    private void readExtension() throws ImageException {
        int label = source.u8(at++);
        int length = source.u8(at);
        if (label == GRAPHIC_CONTROL && length >= 4) {
            boolean hasTransparent = (source.u8(at + 1) & 1) != 0;
            transparent = hasTransparent ? source.u8(at + 4) : -1;
        }
        while (length != 0) {
            at += 1 + length;
            length = source.u8(at);
        }
        at++;
    }

    private static void placeRows(
            byte[] indices, CropBox frame, boolean interlaced, byte[] canvas, int canvasWidth) {
        int row = 0;
        // Interlaced rows come in four passes: every 8th from 0, every 8th from 4, every 4th from
        // 2, every 2nd from 1.
        int[] starts = interlaced ? new int[] {0, 4, 2, 1} : new int[] {0};
        int[] steps = interlaced ? new int[] {8, 8, 4, 2} : new int[] {1};
        for (int pass = 0; pass < starts.length; pass++) {
            for (int y = starts[pass]; y < frame.height(); y += steps[pass]) {
                int to = (frame.top() + y) * canvasWidth + frame.left();
                System.arraycopy(indices, row * frame.width(), canvas, to, frame.width());
                row++;
            }
        }
    }

    /** Without a palette an index is a grey level; beyond a palette it is black. */
    private static byte[] lookUp(byte[] indices, byte[] palette) {
        if (palette == null) {
            return Samples.greyToRgb(indices);
        }
        byte[] full = Arrays.copyOf(palette, 3 * 256);
        byte[] rgb = new byte[Math.multiplyExact(3, indices.length)];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(full, 3 * (indices[i] & 0xFF), rgb, 3 * i, 3);
        }
        return rgb;
    }
}
