package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.CRC32;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * PNG by the Java runtime's reader, given only the chunks that make up the pixels, each with its checksum verified:
 * ancillary chunks (transparency, gamma, colour profile, text) have no effect and cannot fail.
 */
final class PngDecoder {
    private static final int SIGNATURE = 8;
    private static final int CHUNK_OVERHEAD = 12;
    private static final int GREY = 0;

    /** Largest number of bytes that deflate makes of one. */
    private static final long MAX_DEFLATE_RATIO = 1032;

    private static final byte[] END = {0, 0, 0, 0, 'I', 'E', 'N', 'D', (byte) 0xAE, 0x42, 0x60, (byte) 0x82};
    private static final LibraryReader READER = LibraryReader.ofRuntime("png");

    private PngDecoder() {}

    static RgbImage decode(ImageSource source) throws IOException {
        source.refuse(
                !source.startsWith(SIGNATURE, "\0\0\0\rIHDR"),
                "is damaged: a PNG begins with the chunk IHDR of 13 bytes");
        long width = Integer.toUnsignedLong(source.be(SIGNATURE + 8, 4));
        long height = Integer.toUnsignedLong(source.be(SIGNATURE + 12, 4));
        source.requireSize(width, height);
        int depth = source.u8(SIGNATURE + 16);
        int colourType = source.u8(SIGNATURE + 17);
        int samples =
                switch (colourType) {
                    case 2 -> 3;
                    case 4 -> 2;
                    case 6 -> 4;
                    default -> 1;
                };
        ByteArrayOutputStream kept = new ByteArrayOutputStream(source.length());
        kept.write(source.bytes(), 0, SIGNATURE);
        long dataLength = copyChunks(source, kept);
        kept.writeBytes(END);
        if (height * ((width * samples * depth + 7) / 8) > dataLength * MAX_DEFLATE_RATIO) {
            throw source.truncated(); // a short file cannot hold a large picture
        }
        // The reader's raster, which may be the image itself, and the image.
        source.takeMemory(width * height, (samples * depth + 7) / 8 + 3);
        BufferedImage image = READER.read(source, kept.toByteArray(), png -> png.read(0));
        return Pixels.read(image, depth == 16 && colourType == GREY);
    }

    /** Copies the chunks that make up the pixels and returns the length of the compressed data. */
    private static long copyChunks(ImageSource source, ByteArrayOutputStream kept) throws ImageException {
        long dataLength = 0;
        long at = SIGNATURE;
        while (at + CHUNK_OVERHEAD <= source.length()) {
            int start = (int) at;
            long length = Integer.toUnsignedLong(source.be(start, 4));
            if (source.startsWith(start + 4, "IEND")) {
                break;
            }
            boolean data = source.startsWith(start + 4, "IDAT");
            if (data || source.startsWith(start + 4, "IHDR") || source.startsWith(start + 4, "PLTE")) {
                source.require(at, CHUNK_OVERHEAD + length);
                CRC32 crc = new CRC32();
                crc.update(source.bytes(), start + 4, (int) length + 4);
                source.refuse(
                        (int) crc.getValue() != source.be(start + 8 + (int) length, 4),
                        "is damaged: a chunk's checksum does not match its content");
                kept.write(source.bytes(), start, CHUNK_OVERHEAD + (int) length);
            }
            dataLength += data ? length : 0;
            at += CHUNK_OVERHEAD + length;
        }
        return dataLength;
    }
}
