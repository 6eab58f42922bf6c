package org.coop4j.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.image.RgbImage.CropBox;

/**
 * The first frame of a WebP file by TwelveMonkeys' reader, which is given only the chunk of its pixels: alpha, colour
 * profile and metadata have no effect. Lossless pixels equal libwebp's, lossy ones are close to them. A frame smaller
 * than its canvas is surrounded by black, as in Pillow.
 */
final class WebpDecoder {
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;
    private static final int LOSSLESS_SIGNATURE = 0x2F;

    /** Part of the allowed pixels that a lossless picture may have: each may stand for work that needs no bytes. */
    private static final int LOSSLESS_PART = 3;

    /** Bytes that the reader of lossless data looks ahead. */
    private static final int LOOK_AHEAD = 8;

    private static final LibraryReader READER = new LibraryReader(new WebPImageReaderSpi());

    private final ImageSource source;
    private CropBox canvas;
    private CropBox frame;

    WebpDecoder(ImageSource source) {
        this.source = source;
    }

    RgbImage decode() throws IOException {
        long end = FIRST_CHUNK - 4 + u4(4);
        source.require(0, end);
        long at = FIRST_CHUNK;
        while (true) {
            source.require(at, CHUNK_HEADER);
            int start = (int) at;
            long length = u4(start + 4);
            if (at + CHUNK_HEADER + length > end) {
                throw source.truncated();
            }
            if (source.startsWith(start, "VP8X")) {
                int width = source.le(start + CHUNK_HEADER + 4, 3) + 1;
                int height = source.le(start + CHUNK_HEADER + 7, 3) + 1;
                source.requireSize(width, height);
                canvas = CropBox.whole(width, height);
            } else if (source.startsWith(start, "ANMF")) {
                readFrame(start + CHUNK_HEADER);
                at += CHUNK_HEADER + FRAME_HEADER; // its chunks are like those of a still image
                continue;
            } else if (source.startsWith(start, "VP8 ") || source.startsWith(start, "VP8L")) {
                RgbImage image = decodeChunk(start, (int) length);
                return frame == null ? image : place(image);
            }
            at += CHUNK_HEADER + length + (length & 1);
        }
    }

    private long u4(int at) throws ImageException {
        return Integer.toUnsignedLong(source.le(at, 4));
    }

    private void readFrame(int at) throws ImageException {
        source.refuse(canvas == null, "is damaged: it is animated, but its canvas has no size");
        frame = new CropBox(
                2 * source.le(at, 3), 2 * source.le(at + 3, 3), source.le(at + 6, 3) + 1, source.le(at + 9, 3) + 1);
        source.refuse(
                frame.left() > canvas.width() - frame.width() || frame.top() > canvas.height() - frame.height(),
                "is damaged: its first frame does not fit into its canvas");
    }

    /** Decodes a chunk of type "VP8 " or VP8L as a file of its own. */
    private RgbImage decodeChunk(int chunk, int length) throws IOException {
        int at = chunk + CHUNK_HEADER;
        boolean lossless = source.startsWith(chunk, "VP8L");
        source.refuse(
                lossless ? source.u8(at) != LOSSLESS_SIGNATURE : !source.startsWith(at + 3, "\u009d\u0001*"),
                "is damaged: its image data lack their signature");
        int width = lossless ? (source.le(at + 1, 4) & 0x3FFF) + 1 : source.le(at + 6, 2) & 0x3FFF;
        int height = lossless ? (source.le(at + 1, 4) >> 14 & 0x3FFF) + 1 : source.le(at + 8, 2) & 0x3FFF;
        source.requireSize(width, height);
        CropBox declared = frame == null ? canvas : frame;
        source.refuse(
                declared != null && (width != declared.width() || height != declared.height()),
                "is damaged: its picture has another size than its file declares");
        long pixels = (long) width * height;
        source.refuse(
                lossless && pixels > source.maxPixels() / LOSSLESS_PART,
                "has %s x %s pixels, more than the limit of %s for lossless WebP",
                width,
                height,
                source.maxPixels() / LOSSLESS_PART);
        if (!lossless && pixels / 256 > 4L * source.length()) {
            throw source.truncated(); // the modes of a macroblock take 2 bits or more
        }
        int bytesEach = lossless ? 12 : 5;
        if (frame == null) {
            source.takeMemory(pixels, bytesEach);
        } else {
            source.takeMemory(Math.max(pixels, (long) canvas.width() * canvas.height()), bytesEach + 3);
        }
        int padded = Math.min(source.length() - at, length + (length & 1)); // libwebp reads on into it
        ByteBuffer file =
                ByteBuffer.allocate(FIRST_CHUNK + CHUNK_HEADER + padded).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF    WEBP".getBytes(StandardCharsets.US_ASCII)).putInt(4, file.capacity() - 8);
        file.put(source.bytes(), chunk, 4).putInt(padded).put(source.bytes(), at, padded);
        BufferedImage image = READER.read(source, file.array(), lossless ? LOOK_AHEAD : 0, LibraryReader::readWhole);
        return Pixels.read(image, false);
    }

    private RgbImage place(RgbImage image) {
        byte[] rgb = new byte[3 * canvas.width() * canvas.height()];
        int row = 3 * image.width();
        for (int y = 0; y < image.height(); y++) {
            int to = 3 * ((frame.top() + y) * canvas.width() + frame.left());
            System.arraycopy(image.samples(), y * row, rgb, to, row);
        }
        return new RgbImage(canvas.width(), canvas.height(), rgb);
    }
}
