package org.coop4j.image;

import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * JPEG by the Java runtime's reader, which is libjpeg as Pillow's is: the accurate integer IDCT and
 * smooth chroma upsampling, so that the pixels are equal.
 *
 * <p>libjpeg fills what is missing of a damaged picture with grey and only warns; here the warning
 * is an error.
 */
final class JpegDecoder {
    /** Fractional bits of libjpeg's colour conversion. */
    private static final int FRACTION = 16;

    private static final int HALF = 1 << (FRACTION - 1);
    private static final String MISSING_END = "EOI";
    private static final String EXTRANEOUS = "extraneous bytes before marker";

    private static final LibraryReader READER = LibraryReader.ofRuntime("jpeg");

    private JpegDecoder() {}

    static RgbImage decode(ImageSource source) throws IOException {
        JpegHeader header = JpegHeader.read(source);
        List<String> warnings = new ArrayList<>();
        Raster raster = read(header, warnings);
        requireWhole(source, header, warnings);
        byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
        int[] offsets = ((ComponentSampleModel) raster.getSampleModel()).getBandOffsets();
        if (header.ycck()) {
            ycckToCmyk(samples, offsets);
        }
        byte[] rgb =
                switch (raster.getNumBands()) {
                    case 1 -> Pixels.greyToRgb(samples);
                    case 3 -> Pixels.orderRgb(samples, offsets);
                    default -> invertedCmykToRgb(samples, offsets);
                };
        return new RgbImage(raster.getWidth(), raster.getHeight(), rgb);
    }

    private static Raster read(JpegHeader header, List<String> warnings) throws IOException {
        return READER.read(
                header.reduced(),
                jpeg -> {
                    jpeg.addIIOReadWarningListener((ignored, warning) -> warnings.add(warning));
                    // As an image, YCbCr becomes RGB; CMYK can only be read as a raster.
                    return header.components() == 4
                            ? jpeg.readRaster(0, null)
                            : jpeg.read(0).getRaster();
                });
    }

    /**
     * Fails on what leaves a part of the picture undefined. A file that lacks only the end marker,
     * or has bytes left over behind its last row, as those of some cameras, is whole.
     */
    private static void requireWhole(ImageSource source, JpegHeader header, List<String> warnings)
            throws ImageException {
        boolean missingEnd = false;
        String corrupt = null;
        for (String warning : warnings) {
            if (warning.contains(MISSING_END)) {
                missingEnd = true;
            } else if (!(header.singleScan() && warning.contains(EXTRANEOUS))) {
                corrupt = warning;
            }
        }
        // libjpeg words only its first warning, so that one of any kind before a missing end may
        // stand for others.
        if (missingEnd && (!header.singleScan() || warnings.size() > 1)) {
            throw source.truncated();
        }
        if (corrupt != null) {
            throw source.error("is damaged: " + corrupt);
        }
    }

    /**
     * Converts YCCK to CMYK in place as libjpeg does ({@code jdcolor.c}, {@code
     * ycck_cmyk_convert}): the complement of RGB, K as it is.
     */
    private static void ycckToCmyk(byte[] ycck, int[] offsets) {
        for (int at = 0; at < ycck.length; at += 4) {
            int y = ycck[at + offsets[0]] & 0xFF;
            int cb = (ycck[at + offsets[1]] & 0xFF) - 128;
            int cr = (ycck[at + offsets[2]] & 0xFF) - 128;
            int red = y + ((91_881 * cr + HALF) >> FRACTION); // 1.402
            int green = y + ((HALF - 22_554 * cb - 46_802 * cr) >> FRACTION); // 0.34414, 0.71414
            int blue = y + ((116_130 * cb + HALF) >> FRACTION); // 1.772
            ycck[at + offsets[0]] = complement(red);
            ycck[at + offsets[1]] = complement(green);
            ycck[at + offsets[2]] = complement(blue);
        }
    }

    private static byte complement(int value) {
        return (byte) Math.max(0, Math.min(255, 255 - value));
    }

    /**
     * Converts CMYK stored inverted, as Adobe does in JPEG: channel = K' - (255 - C') K' / 255,
     * rounded, where ' marks the stored value.
     */
    private static byte[] invertedCmykToRgb(byte[] cmyk, int[] offsets) {
        byte[] rgb = new byte[cmyk.length / 4 * 3];
        for (int from = 0, to = 0; from < cmyk.length; from += 4, to += 3) {
            int k = cmyk[from + offsets[3]] & 0xFF;
            for (int band = 0; band < 3; band++) {
                int ink = 255 - (cmyk[from + offsets[band]] & 0xFF);
                rgb[to + band] = (byte) (k - multiply(ink, k));
            }
        }
        return rgb;
    }

    /** a · b / 255, rounded. */
    private static int multiply(int a, int b) {
        int product = a * b + 128;
        return (product + (product >> 8)) >> 8;
    }
}
