package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.CRC32;

/**
 * PNG by the Java runtime's reader, given only the chunks that make up the pixels, each with its
 * checksum verified: what ancillary chunks say (transparency, gamma, colour profile, text) has no
 * effect and cannot fail.
 */
final class PngDecoder {
    private static final int SIGNATURE = 8;
    private static final int CHUNK_OVERHEAD = 12;
    private static final int GREY = 0;

    /** The most bytes that deflate makes of one. */
    private static final long MAX_DEFLATE_RATIO = 1032;

    private static final byte[] END = {0, 0, 0, 0, 'I', 'E', 'N', 'D', (byte) 0xAE, 0x42, 0x60, (byte) 0x82};

    private static final LibraryReader READER = LibraryReader.ofRuntime("png");

    private PngDecoder() {}

    static RgbImage decode(ImageSource source) throws IOException {
        byte[] reduced = reduce(source);
        BufferedImage image = READER.read(reduced, png -> png.read(0));
        boolean deepGrey = bits(source) == 16 && colorType(source) == GREY;
        // Pillow's mode I;16, unlike its other 16-bit modes, is clipped.
        return Pixels.read(image, deepGrey ? (v, bits) -> Math.min(v, 255) : Pixels::stretch);
    }

    private static int bits(ImageSource source) throws ImageException {
        return source.u8(SIGNATURE + 16);
    }

    private static int colorType(ImageSource source) throws ImageException {
        return source.u8(SIGNATURE + 17);
    }

    private static byte[] reduce(ImageSource source) throws ImageException {
        if (!source.startsWith(SIGNATURE, "\0\0\0\rIHDR")) {
            throw source.error("is damaged: a PNG begins with the chunk IHDR of 13 bytes");
        }
        long width = source.s32(SIGNATURE + 8) & 0xFFFF_FFFFL;
        long height = source.s32(SIGNATURE + 12) & 0xFFFF_FFFFL;
        source.requireSize(width, height);
        ByteArrayOutputStream kept = new ByteArrayOutputStream(source.length());
        kept.write(source.bytes(), 0, SIGNATURE);
        long dataLength = copyChunks(source, kept);
        requirePlausible(source, width, height, dataLength);
        // The reader's raster, which may be the image itself, and the image.
        int raster = (samples(source) * bits(source) + 7) / 8;
        source.takeMemory(width * height, raster + 3);
        kept.writeBytes(END);
        return kept.toByteArray();
    }

    /** Copies what makes up the pixels and returns the length of the compressed data. */
    private static long copyChunks(ImageSource source, ByteArrayOutputStream kept) throws ImageException {
        long dataLength = 0;
        long at = SIGNATURE;
        while (at + CHUNK_OVERHEAD <= source.length()) {
            int start = (int) at;
            long length = source.s32(start) & 0xFFFF_FFFFL;
            if (source.startsWith(start + 4, "IEND")) {
                break;
            }
            boolean data = source.startsWith(start + 4, "IDAT");
            boolean wanted = data || source.startsWith(start + 4, "IHDR") || source.startsWith(start + 4, "PLTE");
            if (wanted) {
                source.require(at, CHUNK_OVERHEAD + length);
                requireChecksum(source, start, (int) length);
                kept.write(source.bytes(), start, CHUNK_OVERHEAD + (int) length);
            }
            dataLength += data ? length : 0;
            at += CHUNK_OVERHEAD + length;
        }
        return dataLength;
    }

    private static void requireChecksum(ImageSource source, int start, int length) throws ImageException {
        CRC32 crc = new CRC32();
        crc.update(source.bytes(), start + 4, length + 4);
        if ((int) crc.getValue() != source.s32(start + 8 + length)) {
            throw source.error("is damaged: a chunk's checksum does not match its content");
        }
    }

    private static int samples(ImageSource source) throws ImageException {
        return switch (colorType(source)) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
    }

    /** A short file cannot hold a large picture. */
    private static void requirePlausible(ImageSource source, long width, long height, long dataLength)
            throws ImageException {
        long packed = height * ((width * samples(source) * bits(source) + 7) / 8);
        if (packed > dataLength * MAX_DEFLATE_RATIO) {
            throw source.truncated();
        }
    }
}
