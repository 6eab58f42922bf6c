package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.io.IOException;

/** BMP by the Java runtime's reader: uncompressed, run-length encoded, and with bit masks. */
final class BmpDecoder {
    private static final int INFO = 14; // where the information header starts
    private static final int OS2_HEADER = 12;
    private static final int UNCOMPRESSED = 0;
    private static final int BIT_MASKS = 3;

    private final RuntimeReader reader = RuntimeReader.of("bmp");

    RgbImage decode(ImageSource source) throws IOException {
        requireHeader(source);
        BufferedImage image = reader.read(source.bytes(), bmp -> bmp.read(0));
        return Pixels.read(image, Pixels::stretch);
    }

    private static void requireHeader(ImageSource source) throws ImageException {
        boolean os2 = source.s32le(INFO) == OS2_HEADER;
        long width = os2 ? source.u16le(INFO + 4) : source.s32le(INFO + 4);
        long rows = os2 ? source.u16le(INFO + 6) : source.s32le(INFO + 8);
        long height = Math.abs(rows); // negative: stored top down
        source.requireSize(Math.max(0, width), height);
        int bits = source.u16le(os2 ? INFO + 10 : INFO + 14);
        int compression = os2 ? UNCOMPRESSED : source.s32le(INFO + 16);
        if (compression < UNCOMPRESSED || compression > BIT_MASKS) {
            throw source.error(
                    "is a BMP of compression "
                            + compression
                            + ": wanted is 0 (none), 1 or 2 (run length) or 3 (bit masks)");
        }
        if (compression == UNCOMPRESSED || compression == BIT_MASKS) {
            long stride = (width * bits + 31) / 32 * 4;
            source.require(source.u32le(10), stride * height);
        }
    }
}
