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
    private static final String MISSING_END = "EOI";
    private static final String EXTRANEOUS = "extraneous bytes before marker";

    private final RuntimeReader reader = RuntimeReader.of("jpeg");

    RgbImage decode(ImageSource source) throws IOException {
        JpegHeader header = JpegHeader.read(source);
        List<String> warnings = new ArrayList<>();
        Raster raster = read(header, warnings);
        requireWhole(source, header, warnings);
        byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
        int[] offsets = ((ComponentSampleModel) raster.getSampleModel()).getBandOffsets();
        if (header.ycck()) {
            Samples.ycckToCmyk(samples, offsets);
        }
        byte[] rgb =
                switch (raster.getNumBands()) {
                    case 1 -> Samples.greyToRgb(samples);
                    case 3 -> Samples.orderRgb(samples, offsets);
                    default -> Samples.invertedCmykToRgb(samples, offsets);
                };
        return new RgbImage(raster.getWidth(), raster.getHeight(), rgb);
    }

    private Raster read(JpegHeader header, List<String> warnings) throws IOException {
        return reader.read(
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
}
