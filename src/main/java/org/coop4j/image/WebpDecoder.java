package org.coop4j.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * WebP by TwelveMonkeys' reader, given only the first frame's bitstream: alpha, colour profile and
 * metadata have no effect. A frame smaller than its canvas is surrounded by black, as in Pillow.
 */
final class WebpDecoder {
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;

    private final RuntimeReader reader = new RuntimeReader(new WebPImageReaderSpi());

    RgbImage decode(ImageSource source) throws IOException {
        int canvas = -1;
        CropBox frame = null;
        long at = FIRST_CHUNK;
        while (true) {
            source.require(at, CHUNK_HEADER);
            int start = (int) at;
            long length = source.u32le(start + 4);
            source.require(at, CHUNK_HEADER + length);
            if (source.startsWith(start, "VP8X")) {
                canvas = start + CHUNK_HEADER;
            } else if (source.startsWith(start, "ANMF")) {
                frame = frame(source, start + CHUNK_HEADER);
                at += CHUNK_HEADER + FRAME_HEADER; // its chunks are like those of a still image
                continue;
            } else if (source.startsWith(start, "VP8 ") || source.startsWith(start, "VP8L")) {
                RgbImage image = decodeChunk(source, start, (int) length);
                return frame == null ? image : place(source, image, frame, canvas);
            }
            at += CHUNK_HEADER + length + (length & 1);
        }
    }

    private static CropBox frame(ImageSource source, int at) throws ImageException {
        return new CropBox(
                2 * source.u24le(at),
                2 * source.u24le(at + 3),
                source.u24le(at + 6) + 1,
                source.u24le(at + 9) + 1);
    }

    private RgbImage decodeChunk(ImageSource source, int start, int length) throws IOException {
        requireBitstream(source, start);
        int payload = CHUNK_HEADER + length;
        ByteArrayOutputStream file = new ByteArrayOutputStream(FIRST_CHUNK + payload + 1);
        file.write(source.bytes(), 0, 4);
        int riffLength = 4 + payload + (length & 1);
        for (int shift = 0; shift < 32; shift += 8) {
            file.write(riffLength >> shift);
        }
        file.write(source.bytes(), 8, 4);
        file.write(source.bytes(), start, payload);
        if ((length & 1) != 0) {
            file.write(0);
        }
        BufferedImage image = reader.read(file.toByteArray(), webp -> webp.read(0));
        return Pixels.read(image, Pixels::stretch);
    }

    private static void requireBitstream(ImageSource source, int start) throws ImageException {
        int at = start + CHUNK_HEADER;
        if (source.startsWith(start, "VP8L")) {
            int sizes = source.s32le(at + 1);
            source.requireSize((sizes & 0x3FFF) + 1, ((sizes >> 14) & 0x3FFF) + 1);
        } else {
            source.requireSize(source.u16le(at + 6) & 0x3FFF, source.u16le(at + 8) & 0x3FFF);
        }
    }

    private static RgbImage place(ImageSource source, RgbImage image, CropBox frame, int canvas)
            throws ImageException {
        if (canvas < 0) {
            throw source.error("is damaged: it is animated, but its canvas has no size");
        }
        int width = source.u24le(canvas + 4) + 1;
        int height = source.u24le(canvas + 7) + 1;
        source.requireSize(width, height);
        boolean fits = image.width() == frame.width() && image.height() == frame.height();
        if (!fits
                || frame.left() > width - frame.width()
                || frame.top() > height - frame.height()) {
            throw source.error("is damaged: its first frame does not fit into its canvas");
        }
        byte[] rgb = new byte[Math.multiplyExact(3 * width, height)];
        int row = 3 * image.width();
        for (int y = 0; y < image.height(); y++) {
            int to = 3 * ((frame.top() + y) * width + frame.left());
            System.arraycopy(image.samples(), y * row, rgb, to, row);
        }
        return new RgbImage(width, height, rgb);
    }
}
