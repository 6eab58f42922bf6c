package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import org.coop4j.image.ImageDecoder.ImageException;

/** BMP by the Java runtime's reader: uncompressed, run-length encoded, and with bit masks. */
final class BmpDecoder {
    private static final int INFO = 14; // offset of the information header
    private static final int OS2_HEADER = 12;
    private static final int UNCOMPRESSED = 0;
    private static final int RUNS_OF_8_BITS = 1;
    private static final int RUNS_OF_4_BITS = 2;
    private static final int BIT_MASKS = 3;
    // Codes after a count of 0; larger ones are the number of indices that follow.
    private static final int END_OF_ROW = 0;
    private static final int END_OF_IMAGE = 1;
    private static final int MOVE = 2;
    private static final LibraryReader READER = LibraryReader.ofRuntime("bmp");

    private BmpDecoder() {}

    static RgbImage decode(ImageSource source) throws IOException {
        requireHeader(source);
        BufferedImage image = READER.read(source, source.bytes(), bmp -> bmp.read(0));
        return Pixels.read(image, false);
    }

    private static void requireHeader(ImageSource source) throws ImageException {
        boolean os2 = source.le(INFO, 4) == OS2_HEADER;
        long width = source.le(INFO + 4, os2 ? 2 : 4);
        long height = Math.abs((long) source.le(INFO + (os2 ? 6 : 8), os2 ? 2 : 4)); // negative: stored top down
        source.requireSize(Math.max(0, width), height);
        int bits = source.le(INFO + (os2 ? 10 : 14), 2);
        int compression = os2 ? UNCOMPRESSED : source.le(INFO + 16, 4);
        source.refuse(
                compression < UNCOMPRESSED || compression > BIT_MASKS,
                "is a BMP of compression %s: expected 0 (none), 1 or 2 (run length) or 3 (bit masks)",
                compression);
        long data = Integer.toUnsignedLong(source.le(10, 4));
        boolean runs = compression == RUNS_OF_8_BITS || compression == RUNS_OF_4_BITS;
        if (runs) {
            requireRuns(source, data, width, width * height, compression == RUNS_OF_8_BITS ? 1 : 2);
        } else {
            long stride = (width * bits + 31) / 32 * 4;
            source.require(data, stride * height);
        }
        source.takeMemory(width * height, (Math.min(bits, 32) + 7) / 8 + (runs ? 4 : 3));
    }

    /**
     * Checks that run-length data cover the image: the runtime's reader leaves the rest black, Pillow refuses it.
     *
     * @param perByte indices per byte
     */
    private static void requireRuns(ImageSource source, long data, long width, long pixels, int perByte)
            throws ImageException {
        source.require(data, 2);
        int at = (int) data;
        long done = 0;
        long column = 0;
        while (done < pixels) {
            int count = source.u8(at);
            int code = source.u8(at + 1);
            at += 2;
            if (count > 0) {
                long within = Math.max(0, Math.min(count, width - column)); // of its row
                done += within;
                column += within;
            } else if (code == END_OF_ROW) {
                done = (done + width - 1) / width * width;
                column = 0;
            } else if (code == END_OF_IMAGE) {
                throw source.truncated();
            } else if (code == MOVE) {
                done += source.u8(at) + width * source.u8(at + 1);
                column = done % width;
                at += 2;
            } else {
                int bytes = (code + perByte - 1) / perByte;
                source.require(at, bytes);
                done += code;
                column += code;
                at += bytes + (bytes & 1);
            }
        }
    }
}
