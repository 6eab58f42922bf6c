package org.coop4j.image.webp;

import org.coop4j.image.CropBox;
import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;
import org.coop4j.image.RgbImage;

/**
 * The first frame of a WebP file as libwebp decodes it. Alpha, colour profile and metadata have no
 * effect. A frame smaller than its canvas is surrounded by black, as in Pillow.
 */
public final class WebpDecoder {
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;

    private final Vp8Tables tables = Vp8Tables.load();

    /** Decodes a whole file that begins with RIFF and WEBP. */
    public RgbImage decode(ImageSource source) throws ImageException {
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

    private RgbImage decodeChunk(ImageSource source, int chunk, int length) throws ImageException {
        int start = chunk + CHUNK_HEADER;
        return source.startsWith(chunk, "VP8L")
                ? VpLosslessDecoder.decode(source, start, start + length)
                : Vp8Decoder.decode(source, start, start + length, tables);
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
