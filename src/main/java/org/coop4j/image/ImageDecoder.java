package org.coop4j.image;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.Function;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.coop4j.image.webp.WebpDecoder;

/**
 * Decodes JPEG, PNG, GIF (its first frame), BMP and WebP files into RGB as Pillow's {@code
 * Image.open(...).convert("RGB")}.
 *
 * <p>The form is told by the content; the file's name does not matter. Alpha is dropped without
 * blending, grey is repeated, palettes are looked up, CMYK is converted without a colour profile;
 * embedded colour profiles and gamma have no effect, the EXIF orientation where it is asked for.
 * Damaged and truncated files are errors, never partly grey pictures. Samples of 16 bits keep their
 * upper half, but grey ones without alpha are clipped at 255, as Pillow does. Sizes are read from
 * the header and checked before memory is taken. Instances are safe for use by several threads,
 * which wait for each other where their images would take much memory together.
 */
public final class ImageDecoder {
    /**
     * The size above which Pillow takes an image for a decompression bomb: 2 GiB / 4 / 3 · 2
     * pixels.
     */
    public static final long DEFAULT_MAX_PIXELS = 178_956_970;

    /** Above this the packed samples would not fit into one array. */
    private static final long MOST_PIXELS = (Integer.MAX_VALUE - 8) / 3;

    /** The most bytes that an image file may have. */
    public static final int MAX_FILE_BYTES = 1 << 29;

    private final long maxPixels;
    private final DecodeMemory memory;
    private final JpegDecoder jpeg = new JpegDecoder();
    private final PngDecoder png = new PngDecoder();
    private final BmpDecoder bmp = new BmpDecoder();

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
        this(maxPixels, DecodeMemory.standard());
    }

    ImageDecoder(long maxPixels, DecodeMemory memory) {
        if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
            throw new IllegalArgumentException(
                    "limit of " + maxPixels + " pixels: expected 1 to " + MOST_PIXELS);
        }
        this.maxPixels = maxPixels;
        this.memory = memory;
    }

    /**
     * Decodes an image file and uses the image while its memory is set aside.
     *
     * @param use makes something smaller of the image
     * @return what it made
     * @throws ImageException when the file is missing, is no image, is damaged, too large or cannot
     *     be used (an {@link IllegalArgumentException} of {@code use}); the message names it
     * @throws IOException when the file cannot be read
     */
    public <T> T decode(Path file, ExifOrientation exif, Function<RgbImage, T> use)
            throws IOException {
        String name = file.toString();
        try (DecodeMemory.Share share = memory.new Share()) {
            return use(decode(read(file, share), name, exif, share), name, use);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(ImageSource.named(name), e);
        }
    }

    /**
     * Decodes an image file's content and uses the image while its memory is set aside.
     *
     * @param name what messages call the image
     * @param use makes something smaller of the image
     * @return what it made
     * @throws ImageException as for a file
     */
    public <T> T decode(
            byte[] content, String name, ExifOrientation exif, Function<RgbImage, T> use)
            throws ImageException {
        try (DecodeMemory.Share share = memory.new Share()) {
            return use(decode(content, name, exif, share), name, use);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(ImageSource.named(name), e);
        }
    }

    static <T> T use(RgbImage image, String name, Function<RgbImage, T> use) throws ImageException {
        try {
            return use.apply(image);
        } catch (IllegalArgumentException e) {
            // A picture so narrow that its longer side, resized, exceeds an int.
            throw new ImageException("image " + name + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static byte[] read(Path file, DecodeMemory.Share share) throws IOException {
        try (InputStream in = open(file)) {
            long size = Math.min(Files.size(file), MAX_FILE_BYTES);
            share.takeFile(size, ImageSource.named(file.toString()));
            return in.readNBytes(MAX_FILE_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new ImageException("no image file " + file, e);
        }
    }

    /** Not a channel, which an interrupt of the thread would close while it is read. */
    private static InputStream open(Path file) throws IOException {
        if (file.getFileSystem() != FileSystems.getDefault()) {
            return Files.newInputStream(file);
        }
        try {
            return new FileInputStream(file.toFile());
        } catch (FileNotFoundException e) {
            Files.newInputStream(file).close(); // says what the matter is
            throw e;
        }
    }

    /** Whatever else the process holds may leave an image less than its share. */
    private static ImageException outOfMemory(ImageSource source, OutOfMemoryError e) {
        return source.error(
                "needs more memory than there is ("
                        + e.getMessage()
                        + "): make it smaller, or give Java a larger heap (-Xmx)");
    }

    /** Decodes an image file, its pixels as they are stored. */
    public RgbImage decode(Path file) throws IOException {
        return decode(file, ExifOrientation.KEEP, image -> image);
    }

    /**
     * Decodes an image file's content, its pixels as they are stored.
     *
     * @param name what messages call the image
     * @throws ImageException when the content is no image, is damaged or too large; the message
     *     names it
     */
    public RgbImage decode(byte[] content, String name) throws ImageException {
        return decode(content, name, ExifOrientation.KEEP, image -> image);
    }

    private RgbImage decode(
            byte[] content, String name, ExifOrientation exif, DecodeMemory.Share share)
            throws ImageException {
        Orientation orientation =
                exif == ExifOrientation.KEEP
                        ? Orientation.UPRIGHT
                        : Orientation.read(new MemoryImageInput(content));
        ImageSource source =
                new ImageSource(
                        content, name, maxPixels, share, !orientation.equals(Orientation.UPRIGHT));
        if (content.length > MAX_FILE_BYTES) {
            throw source.error("has more than " + MAX_FILE_BYTES + " bytes");
        }
        try {
            return orientation.apply(decode(source));
        } catch (ImageException e) {
            throw e;
        } catch (OutOfMemoryError e) {
            throw outOfMemory(source, e);
        } catch (IOException | RuntimeException e) {
            // The readers of the runtime answer damage with exceptions of many kinds.
            throw source.damaged(e);
        }
    }

    /**
     * The EXIF orientation of an image file: 1 to 8, where 1 is upright; 1 if it has none or cannot
     * be read.
     */
    public static int exifOrientation(Path file) {
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            return Orientation.read(in).value();
        } catch (IOException e) {
            return Orientation.UPRIGHT.value();
        }
    }

    private RgbImage decode(ImageSource source) throws IOException {
        ImageForm form =
                ImageForm.of(source)
                        .orElseThrow(
                                () ->
                                        source.error(
                                                source.length() == 0
                                                        ? "is empty"
                                                        : unknownForm(source)));
        return switch (form) {
            case JPEG -> jpeg.decode(source);
            case PNG -> png.decode(source);
            case GIF -> GifDecoder.decode(source);
            case BMP -> bmp.decode(source);
            case WEBP -> WebpDecoder.decode(source);
        };
    }

    private static String unknownForm(ImageSource source) {
        if (source.startsWith(4, "ftyp")) {
            boolean avif = source.startsWith(8, "avi");
            return "is "
                    + (avif ? "AVIF" : "HEIC")
                    + ", which is not read: convert it to JPEG or PNG (of a phone: set its camera"
                    + " to the most compatible form)";
        }
        if (source.startsWith(0, "II*\0") || source.startsWith(0, "MM\0*")) {
            return "is TIFF, which is not read: convert it to JPEG or PNG";
        }
        int shown = Math.min(8, source.length());
        return "is not a JPEG, PNG, GIF, BMP or WebP image: it begins with the bytes "
                + HexFormat.ofDelimiter(" ").formatHex(source.bytes(), 0, shown);
    }
}
