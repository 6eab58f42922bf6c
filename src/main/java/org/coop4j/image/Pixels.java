package org.coop4j.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.util.Arrays;
import java.util.function.IntBinaryOperator;
import java.util.function.ObjIntConsumer;

/**
 * Reads packed RGB from the raster of an image. The samples themselves are taken: drawing the image, or its {@code
 * getRGB}, would convert them by colour profiles.
 */
final class Pixels {

    private Pixels() {}

    /** Reduces most depths as Pillow does: 16 bits keep their upper half, fewer than 8 are stretched. */
    static int stretch(int sample, int bits) {
        if (bits > 8) {
            return sample >> (bits - 8);
        }
        return bits == 8 ? sample : sample * 255 / ((1 << bits) - 1);
    }

    /**
     * Returns the image's samples, which may be shared with it.
     *
     * @param clipped true if samples of 16 bits are clipped at 255, as in Pillow's mode I;16, unlike its others
     */
    static RgbImage read(BufferedImage image, boolean clipped) {
        return read(image, clipped ? (sample, bits) -> Math.min(sample, 255) : Pixels::stretch, false);
    }

    private static RgbImage read(BufferedImage image, IntBinaryOperator depth, boolean copied) {
        Raster raster = image.getRaster();
        int width = raster.getWidth();
        byte[] rgb;
        if (image.getColorModel() instanceof IndexColorModel palette) {
            int[] colours = new int[1 << 16]; // an index beyond the palette is black, as in Pillow
            palette.getRGBs(colours);
            rgb = packed(width, raster.getHeight(), (row, y) -> {
                raster.getPixels(0, y, width, 1, row);
                Arrays.setAll(row, x -> colours[row[x]]);
            });
        } else if (isPackedRgb(raster)) {
            byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
            int[] offsets = ((ComponentSampleModel) raster.getSampleModel()).getBandOffsets();
            rgb = orderRgb(copied ? samples.clone() : samples, offsets);
        } else {
            rgb = convert(raster, depth);
        }
        return new RgbImage(width, raster.getHeight(), rgb);
    }

    /**
     * Returns a copy of an image of any kind: samples as in {@link #read}, or through {@code getRGB} if they are not
     * plain red, green and blue or grey.
     */
    static RgbImage copy(BufferedImage image) {
        int space = image.getColorModel().getColorSpace().getType();
        int type = image.getRaster().getTransferType();
        boolean plain = !image.isAlphaPremultiplied()
                && (space == ColorSpace.TYPE_RGB || space == ColorSpace.TYPE_GRAY)
                && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT || type == DataBuffer.TYPE_INT);
        if (plain) {
            return read(image, Pixels::stretch, true);
        }
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] rgb = packed(width, height, (row, y) -> image.getRGB(0, y, width, 1, row, 0, width));
        return new RgbImage(width, height, rgb);
    }

    /**
     * Returns packed samples.
     *
     * @param reader fills a row with its colours, 0xRRGGBB
     */
    private static byte[] packed(int width, int height, ObjIntConsumer<int[]> reader) {
        byte[] rgb = new byte[Math.multiplyExact(3 * width, height)];
        int[] row = new int[width];
        for (int y = 0, at = 0; y < height; y++) {
            reader.accept(row, y);
            for (int x = 0; x < width; x++, at += 3) {
                rgb[at] = (byte) (row[x] >> 16);
                rgb[at + 1] = (byte) (row[x] >> 8);
                rgb[at + 2] = (byte) row[x];
            }
        }
        return rgb;
    }

    private static boolean isPackedRgb(Raster raster) {
        return raster.getNumBands() == 3
                && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
                && model.getDataType() == DataBuffer.TYPE_BYTE
                && model.getScanlineStride() == 3 * raster.getWidth()
                && model.getPixelStride() == 3
                && raster.getDataBuffer().getSize() == 3 * raster.getWidth() * raster.getHeight();
    }

    private static byte[] convert(Raster raster, IntBinaryOperator depth) {
        int width = raster.getWidth();
        int bands = raster.getNumBands();
        int[] bits = raster.getSampleModel().getSampleSize();
        byte[] rgb = new byte[Math.multiplyExact(3 * width, raster.getHeight())];
        int[] row = new int[Math.multiplyExact(width, bands)];
        int at = 0;
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                for (int channel = 0; channel < 3; channel++) {
                    int band = bands < 3 ? 0 : channel; // grey and grey with alpha repeat
                    rgb[at++] = (byte) depth.applyAsInt(row[x * bands + band], bits[band]);
                }
            }
        }
        return rgb;
    }

    static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }

    static byte[] greyToRgb(byte[] grey) {
        byte[] rgb = new byte[Math.multiplyExact(3, grey.length)];
        for (int i = 0, at = 0; i < grey.length; i++, at += 3) {
            rgb[at] = grey[i];
            rgb[at + 1] = grey[i];
            rgb[at + 2] = grey[i];
        }
        return rgb;
    }

    /**
     * Puts three packed bands into the order red, green, blue, in place.
     *
     * @param offsets of red, green and blue
     */
    static byte[] orderRgb(byte[] samples, int[] offsets) {
        if (offsets[0] == 0 && offsets[1] == 1) {
            return samples;
        }
        for (int at = 0; at < samples.length; at += 3) {
            byte red = samples[at + offsets[0]];
            byte green = samples[at + offsets[1]];
            byte blue = samples[at + offsets[2]];
            samples[at] = red;
            samples[at + 1] = green;
            samples[at + 2] = blue;
        }
        return samples;
    }
}
