package org.coop4j.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import org.coop4j.image.webp.WebpDecoder;

/**
 * Decodes JPEG, PNG, GIF (its first frame), BMP and WebP files into RGB as Pillow's {@code
 * Image.open(...).convert("RGB")}.
 *
 * <p>The form is told by the content; the file's name does not matter. Alpha is dropped without
 * blending, grey is repeated, palettes are looked up, CMYK is converted without a colour profile;
 * embedded colour profiles, gamma and the EXIF orientation have no effect. Damaged and truncated
 * files are errors, never partly grey pictures. Samples of 16 bits keep their upper half, but grey
 * ones without alpha are clipped at 255, as Pillow does. Sizes are read from the header and checked
 * before memory is taken. Instances are safe for use by several threads.
 */
public final class ImageDecoder {
    /**
     * The size above which Pillow takes an image for a decompression bomb: 2 GiB / 4 / 3 · 2
     * pixels.
     */
    public static final long DEFAULT_MAX_PIXELS = 178_956_970;

    /** Above this the packed samples would not fit into one array. */
    private static final long MOST_PIXELS = (Integer.MAX_VALUE - 8) / 3;

    private static final int MAX_FILE_BYTES = 1 << 29;

    private final long maxPixels;
    private final JpegDecoder jpeg = new JpegDecoder();
    private final PngDecoder png = new PngDecoder();
    private final BmpDecoder bmp = new BmpDecoder();
    private final WebpDecoder webp = new WebpDecoder();

    /** Makes a decoder with Pillow's limit of {@link #DEFAULT_MAX_PIXELS} pixels. */
    public ImageDecoder() {
        this(DEFAULT_MAX_PIXELS);
    }

    /**
     * Makes a decoder.
     *
     * @param maxPixels the most pixels that an image may have, at most 715,827,879
     */
    public ImageDecoder(long maxPixels) {
        if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
            throw new IllegalArgumentException(
                    "limit of " + maxPixels + " pixels: wanted is 1 to " + MOST_PIXELS);
        }
        this.maxPixels = maxPixels;
    }

    /**
     * Decodes an image file.
     *
     * @throws ImageException when the file is missing, is no image, is damaged or too large; the
     *     message names it
     * @throws IOException when the file cannot be read
     */
    public RgbImage decode(Path file) throws IOException {
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            content = in.readNBytes(MAX_FILE_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new ImageException("no image file " + file, e);
        }
        return decode(content, file.toString());
    }

    /**
     * Decodes an image file's content.
     *
     * @param name what messages call the image
     * @throws ImageException when the content is no image, is damaged or too large; the message
     *     names it
     */
    public RgbImage decode(byte[] content, String name) throws ImageException {
        ImageSource source = new ImageSource(content, name, maxPixels);
        if (content.length > MAX_FILE_BYTES) {
            throw source.error("has more than " + MAX_FILE_BYTES + " bytes");
        }
        try {
            return decode(source);
        } catch (ImageException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The readers of the runtime answer damage with exceptions of many kinds.
            throw source.damaged(e);
        }
    }

    private RgbImage decode(ImageSource source) throws IOException {
        if (source.startsWith(0, "\u00ff\u00d8\u00ff")) {
            return jpeg.decode(source);
        }
        if (source.startsWith(0, "\u0089PNG\r\n\u001a\n")) {
            return png.decode(source);
        }
        if (source.startsWith(0, "GIF87a") || source.startsWith(0, "GIF89a")) {
            return GifDecoder.decode(source);
        }
        if (source.startsWith(0, "BM")) {
            return bmp.decode(source);
        }
        if (source.startsWith(0, "RIFF") && source.startsWith(8, "WEBP")) {
            return webp.decode(source);
        }
        throw source.error(source.length() == 0 ? "is empty" : unknownForm(source));
    }

    private static String unknownForm(ImageSource source) {
        int shown = Math.min(8, source.length());
        return "is not a JPEG, PNG, GIF, BMP or WebP image: it begins with the bytes "
                + HexFormat.ofDelimiter(" ").formatHex(source.bytes(), 0, shown);
    }
}
