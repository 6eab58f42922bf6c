package org.coop4j.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Function;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Decodes JPEG, PNG, GIF, BMP, WebP and TIFF files (their first picture) into RGB as Pillow's {@code
 * Image.open(...).convert("RGB")}; of lossy WebP the pixels are only close to Pillow's.
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
            throw new IllegalArgumentException("limit of " + maxPixels + " pixels: expected 1 to " + MOST_PIXELS);
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
    public <T> T decode(Path file, ExifOrientation exif, Function<RgbImage, T> use) throws IOException {
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
    public <T> T decode(byte[] content, String name, ExifOrientation exif, Function<RgbImage, T> use)
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
        return source.error("needs more memory than there is ("
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

    private RgbImage decode(byte[] content, String name, ExifOrientation exif, DecodeMemory.Share share)
            throws ImageException {
        int orientation = exif == ExifOrientation.KEEP
                ? ExifOrientation.UPRIGHT
                : ExifOrientation.read(new ByteArrayImageInputStream(content));
        boolean turned = orientation != ExifOrientation.UPRIGHT;
        ImageSource source = new ImageSource(content, name, maxPixels, share, turned);
        if (content.length > MAX_FILE_BYTES) {
            throw source.error("has more than " + MAX_FILE_BYTES + " bytes");
        }
        try {
            return ExifOrientation.turn(decode(source), orientation);
        } catch (ImageException e) {
            throw e;
        } catch (OutOfMemoryError e) {
            throw outOfMemory(source, e);
        } catch (EOFException e) {
            throw source.truncated();
        } catch (IOException | RuntimeException e) {
            // The libraries' readers answer damage with exceptions of many kinds.
            throw source.damaged(e);
        }
    }

    /**
     * The EXIF orientation of an image file: 1 to 8, where 1 is upright; 1 if it has none or cannot
     * be read.
     */
    public static int exifOrientation(Path file) {
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            return ExifOrientation.read(in);
        } catch (IOException e) {
            return ExifOrientation.UPRIGHT;
        }
    }

    private static RgbImage decode(ImageSource source) throws IOException {
        return switch (ImageForm.require(source)) {
            case JPEG -> JpegDecoder.decode(source);
            case PNG -> PngDecoder.decode(source);
            case GIF -> GifDecoder.decode(source);
            case BMP -> BmpDecoder.decode(source);
            case WEBP -> WebpDecoder.decode(source);
            case TIFF -> TiffDecoder.decode(source);
        };
    }
}
