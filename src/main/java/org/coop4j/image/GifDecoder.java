package org.coop4j.image;

import com.twelvemonkeys.imageio.util.ProgressListenerBase;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageReader;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * The first frame of a GIF on its screen, as Pillow shows it: the uncovered part has the transparent colour, or else
 * colour 0, and a frame that reaches beyond the screen enlarges it. The Java runtime's reader is given only the frame,
 * with a palette that makes its samples the colours' indices.
 */
final class GifDecoder {
    private static final int HEADER = 13;
    private static final int HAS_PALETTE = 0x80;
    private static final int EXTENSION = 0x21;
    private static final int IMAGE = 0x2C;
    private static final int TRAILER = 0x3B;
    private static final int GRAPHIC_CONTROL = 0xF9;
    private static final LibraryReader READER = LibraryReader.ofRuntime("gif");

    /** The palette whose colours are the grey levels of their indices. */
    private static final byte[] GREY_LEVELS = new byte[3 * 256];

    static {
        for (int i = 0; i < GREY_LEVELS.length; i++) {
            GREY_LEVELS[i] = (byte) (i / 3);
        }
    }

    private final ImageSource source;
    private int at = HEADER;
    private int transparent = -1;

    GifDecoder(ImageSource source) {
        this.source = source;
    }

    RgbImage decode() throws IOException {
        byte[] globalPalette = readPalette(source.u8(10));
        seekImage();
        int descriptor = at;
        int left = source.le(at, 2);
        int top = source.le(at + 2, 2);
        int width = source.le(at + 4, 2);
        int height = source.le(at + 6, 2);
        int flags = source.u8(at + 8);
        at += 9;
        source.requireSize(width, height);
        int canvasWidth = Math.max(source.le(6, 2), left + width);
        int canvasHeight = Math.max(source.le(8, 2), top + height);
        source.requireSize(canvasWidth, canvasHeight);
        source.takeMemory((long) canvasWidth * canvasHeight, 5); // two of indices, and RGB
        byte[] localPalette = readPalette(flags);
        byte[] indices = readIndices(descriptor);
        byte[] canvas = new byte[Math.multiplyExact(canvasWidth, canvasHeight)];
        Arrays.fill(canvas, (byte) Math.max(0, transparent));
        for (int y = 0; y < height; y++) {
            System.arraycopy(indices, y * width, canvas, (top + y) * canvasWidth + left, width);
        }
        byte[] palette = localPalette != null ? localPalette : globalPalette;
        return new RgbImage(canvasWidth, canvasHeight, lookUp(canvas, palette));
    }

    /** Returns the colour table that the flags announce, or null, and moves behind it. */
    private byte[] readPalette(int flags) throws ImageException {
        if ((flags & HAS_PALETTE) == 0) {
            return null;
        }
        int length = 3 << ((flags & 7) + 1);
        source.require(at, length);
        at += length;
        return Arrays.copyOfRange(source.bytes(), at - length, at);
    }

    /** Moves behind the separator of the first image. */
    private void seekImage() throws ImageException {
        while (true) {
            int block = source.u8(at++);
            if (block == IMAGE) {
                return;
            }
            source.refuse(block == TRAILER, "is a GIF without a picture");
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

    /**
     * Returns the indices of the frame whose data are next.
     *
     * @param descriptor offset of its position and size
     */
    private byte[] readIndices(int descriptor) throws IOException {
        ByteArrayOutputStream frame =
                new ByteArrayOutputStream(source.length() - at + HEADER + GREY_LEVELS.length + 10);
        frame.write(source.bytes(), 0, 10);
        frame.writeBytes(new byte[] {(byte) (HAS_PALETTE | 7), 0, 0});
        frame.writeBytes(GREY_LEVELS);
        frame.write(IMAGE);
        frame.write(source.bytes(), descriptor, 8);
        frame.write(source.u8(descriptor + 8) & 0x40); // interlaced
        frame.write(source.bytes(), at, source.length() - at);
        float[] percent = {0};
        BufferedImage image = READER.read(source, frame.toByteArray(), gif -> {
            gif.addIIOReadProgressListener(new ProgressListenerBase() {
                @Override
                public void imageProgress(ImageReader reader, float done) {
                    percent[0] = done;
                }
            });
            return gif.read(0);
        });
        if (percent[0] < 100) {
            throw source.truncated(); // the reader accepts an early end
        }
        return ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    }

    /** Returns the colours of indices: grey levels without a palette, black beyond it. */
    private static byte[] lookUp(byte[] indices, byte[] palette) {
        byte[] colours = palette == null ? GREY_LEVELS : Arrays.copyOf(palette, GREY_LEVELS.length);
        byte[] rgb = new byte[Math.multiplyExact(3, indices.length)];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(colours, 3 * (indices[i] & 0xFF), rgb, 3 * i, 3);
        }
        return rgb;
    }
}
