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

    private WebpDecoder() {}

    /** Read with the first lossy image: most runs have none. */
    private static final class Tables {
        static final Vp8Tables VP8 = Vp8Tables.load();

        private Tables() {}
    }

    /** Decodes a whole file that begins with RIFF and WEBP. */
    public static RgbImage decode(ImageSource source) throws ImageException {
        long end = FIRST_CHUNK - 4 + source.u32le(4);
        source.require(0, end);
        CropBox canvas = null;
        CropBox frame = null;
        long at = FIRST_CHUNK;
        while (true) {
            source.require(at, CHUNK_HEADER);
            int start = (int) at;
            long length = source.u32le(start + 4);
            if (at + CHUNK_HEADER + length > end) {
                throw source.truncated();
            }
            if (source.startsWith(start, "VP8X")) {
                canvas = canvas(source, start + CHUNK_HEADER);
            } else if (source.startsWith(start, "ANMF")) {
                frame = frame(source, start + CHUNK_HEADER, canvas);
                at += CHUNK_HEADER + FRAME_HEADER; // its chunks are like those of a still image
                continue;
            } else if (source.startsWith(start, "VP8 ") || source.startsWith(start, "VP8L")) {
                long onto = frame == null ? 0 : (long) canvas.width() * canvas.height();
                RgbImage image = decodeChunk(source, start, (int) length, onto);
                CropBox declared = frame == null ? canvas : frame;
                requireDeclared(source, image, declared);
                return frame == null ? image : place(image, frame, canvas);
            }
            at += CHUNK_HEADER + length + (length & 1);
        }
    }

    private static CropBox canvas(ImageSource source, int at) throws ImageException {
        int width = source.u24le(at + 4) + 1;
        int height = source.u24le(at + 7) + 1;
        source.requireSize(width, height);
        return CropBox.whole(width, height);
    }

    private static CropBox frame(ImageSource source, int at, CropBox canvas) throws ImageException {
        if (canvas == null) {
            throw source.error("is damaged: it is animated, but its canvas has no size");
        }
        CropBox frame =
                new CropBox(
                        2 * source.u24le(at),
                        2 * source.u24le(at + 3),
                        source.u24le(at + 6) + 1,
                        source.u24le(at + 9) + 1);
        if (frame.left() > canvas.width() - frame.width()
                || frame.top() > canvas.height() - frame.height()) {
            throw source.error("is damaged: its first frame does not fit into its canvas");
        }
        return frame;
    }

    private static RgbImage decodeChunk(ImageSource source, int chunk, int length, long canvas)
            throws ImageException {
        int start = chunk + CHUNK_HEADER;
        int end = start + length;
        if (source.startsWith(chunk, "VP8L")) {
            return VpLosslessDecoder.decode(source, start, end, canvas);
        }
        int padded = Math.min(source.length(), end + (length & 1)); // libwebp reads on into it
        return Vp8Decoder.decode(source, start, padded, Tables.VP8, canvas);
    }

    private static void requireDeclared(ImageSource source, RgbImage image, CropBox declared)
            throws ImageException {
        if (declared != null
                && (image.width() != declared.width() || image.height() != declared.height())) {
            throw source.error("is damaged: its picture has another size than its file declares");
        }
    }

    private static RgbImage place(RgbImage image, CropBox frame, CropBox canvas) {
        byte[] rgb = new byte[3 * canvas.width() * canvas.height()];
        int row = 3 * image.width();
        for (int y = 0; y < image.height(); y++) {
            int to = 3 * ((frame.top() + y) * canvas.width() + frame.left());
            System.arraycopy(image.samples(), y * row, rgb, to, row);
        }
        return new RgbImage(canvas.width(), canvas.height(), rgb);
    }
}
