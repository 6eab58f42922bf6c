package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/**
 * Reads packed RGB from the raster of an image. The samples themselves are taken: drawing the
 * image, or asking for its {@code getRGB}, would convert them by colour profiles.
 */
final class Pixels {
    private Pixels() {}

    /** What becomes of a sample whose depth is not 8 bits. */
    interface Depth {
        int toByte(int sample, int bits);
    }

    /**
     * Pillow's reduction of most depths: 16 bits keep their upper half, fewer than 8 are stretched.
     */
    static int stretch(int sample, int bits) {
        if (bits > 8) {
            return sample >> (bits - 8);
        }
        return bits == 8 ? sample : sample * 255 / ((1 << bits) - 1);
    }

    static RgbImage read(BufferedImage image, Depth depth) {
        Raster raster = image.getRaster();
        int width = raster.getWidth();
        int height = raster.getHeight();
        if (image.getColorModel() instanceof IndexColorModel palette) {
            return new RgbImage(width, height, lookUp(raster, palette));
        }
        byte[] rgb = isPackedRgb(raster) ? takeRgb(raster) : convert(raster, depth);
        return new RgbImage(width, height, rgb);
    }

    private static boolean isPackedRgb(Raster raster) {
        return raster.getNumBands() == 3
                && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
                && model.getDataType() == DataBuffer.TYPE_BYTE
                && model.getScanlineStride() == 3 * raster.getWidth()
                && model.getPixelStride() == 3
                && raster.getDataBuffer().getSize() == 3 * raster.getWidth() * raster.getHeight();
    }

    private static byte[] takeRgb(Raster raster) {
        byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
        ComponentSampleModel model = (ComponentSampleModel) raster.getSampleModel();
        return Samples.orderRgb(samples, model.getBandOffsets());
    }

    private static byte[] lookUp(Raster raster, IndexColorModel palette) {
        int width = raster.getWidth();
        int[] colours = new int[1 << 16]; // an index beyond the palette is black, as in Pillow
        palette.getRGBs(colours);
        byte[] rgb = new byte[Math.multiplyExact(3 * width, raster.getHeight())];
        int[] row = new int[width];
        int at = 0;
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++, at += 3) {
                int colour = colours[row[x]];
                rgb[at] = (byte) (colour >> 16);
                rgb[at + 1] = (byte) (colour >> 8);
                rgb[at + 2] = (byte) colour;
            }
        }
        return rgb;
    }

    private static byte[] convert(Raster raster, Depth depth) {
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
                    rgb[at++] = (byte) depth.toByte(row[x * bands + band], bits[band]);
                }
            }
        }
        return rgb;
    }
}
