package org.coop4j.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.Dimension;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Require;

/**
 * Decodes JPEG, PNG, GIF, BMP, WebP and TIFF files (their first picture) into RGB like Pillow's {@code
 * Image.open(...).convert("RGB")}; pixels of lossy WebP are only close to Pillow's.
 *
 * <p>The format is recognised by content, not by the file's name. Alpha is dropped without blending, grey is repeated,
 * palettes are looked up, CMYK is converted without a colour profile; embedded colour profiles and gamma have no
 * effect, the EXIF orientation only on request. Damaged and truncated files are errors, never partly grey pictures.
 * Samples of 16 bits keep their upper half, but grey ones without alpha are clipped at 255, as in Pillow. Sizes are
 * read from the header and checked before memory is taken. Instances are safe for use by several threads, which wait
 * for each other if their images would take much memory together.
 */
public final class ImageDecoder {
    /** The size above which Pillow suspects a decompression bomb: 2 GiB / 4 / 3 · 2 pixels. */
    public static final long DEFAULT_MAX_PIXELS = 178_956_970;

    /** Above this the packed samples would not fit into one array. */
    private static final long MOST_PIXELS = (Integer.MAX_VALUE - 8) / 3;

    /** Largest size of an image file in bytes. */
    public static final int MAX_FILE_BYTES = 1 << 29;

    /** No limit of time for practical purposes. */
    public static final Duration ANY_TIME = Duration.ofDays(365);

    private final long maxPixels;
    private final Duration maxTime;
    private final LongSupplier clock;
    private final DecodeMemory memory;

    /** Makes a decoder with Pillow's limit of {@link #DEFAULT_MAX_PIXELS} pixels. */
    public ImageDecoder() {
        this(DEFAULT_MAX_PIXELS, ANY_TIME);
    }

    /**
     * Makes a decoder.
     *
     * @param maxPixels largest number of pixels of an image, at most 715,827,879
     * @param maxTime longest time to decode an image
     */
    public ImageDecoder(long maxPixels, Duration maxTime) {
        this(maxPixels, maxTime, System::nanoTime, DecodeMemory.standard());
    }

    ImageDecoder(long maxPixels, Duration maxTime, LongSupplier clock, DecodeMemory memory) {
        Require.that(
                maxPixels >= 1 && maxPixels <= MOST_PIXELS,
                "limit of %s pixels: expected 1 to %s",
                maxPixels,
                MOST_PIXELS);
        this.maxPixels = maxPixels;
        this.maxTime = maxTime;
        this.clock = clock;
        this.memory = memory;
    }

    /** Loads the runtime's image readers, which takes a moment: to be called while something else starts. */
    public static void prepare() {
        LibraryReader.ofRuntime("jpeg");
    }

    /** Returns true if a file's content begins as that of an image of a known format. */
    public static boolean knows(byte[] content) {
        return ImageForm.of(content).isPresent();
    }

    /** Returns the kinds of JPEG, such as "4:4:0", that this Java does not decode, or to other pixels than Pillow. */
    public static List<String> unfaithfulJpegs() {
        return JpegCheck.failures(new ImageDecoder()::decode);
    }

    /**
     * Decodes an image file and uses the image while its memory is reserved.
     *
     * @param use makes something smaller of the image
     * @return its result
     * @throws ImageException if the file is missing, not an image, damaged, too large or unusable (an {@link
     *     IllegalArgumentException} of {@code use}); the message names it
     * @throws IOException if the file cannot be read
     */
    public <T> T decode(Path file, ExifOrientation exif, Function<RgbImage, T> use) throws IOException {
        return decode(file, exif, content -> content, use);
    }

    /** Does the same with the content that a check returns, so that what was checked is what is decoded. */
    public <T> T decode(Path file, ExifOrientation exif, IoFunction<byte[], byte[]> check, Function<RgbImage, T> use)
            throws IOException {
        try (DecodeMemory.Share share = memory.new Share()) {
            return decode(check.apply(read(file, share)), file.toString(), exif, use, share);
        }
    }

    /**
     * Decodes an image file's content and uses the image while its memory is reserved.
     *
     * @param name of the image in messages
     * @param use makes something smaller of the image
     * @return its result
     * @throws ImageException as for a file
     */
    public <T> T decode(byte[] content, String name, ExifOrientation exif, Function<RgbImage, T> use)
            throws ImageException {
        try (DecodeMemory.Share share = memory.new Share()) {
            return decode(content, name, exif, use, share);
        }
    }

    /** Decodes an image file, its pixels as stored. */
    public RgbImage decode(Path file) throws IOException {
        return decode(file, ExifOrientation.KEEP, image -> image);
    }

    /**
     * Decodes an image file's content, its pixels as stored.
     *
     * @param name of the image in messages
     * @throws ImageException if the content is not an image, damaged or too large; the message names it
     */
    public RgbImage decode(byte[] content, String name) throws ImageException {
        return decode(content, name, ExifOrientation.KEEP, image -> image);
    }

    private <T> T decode(
            byte[] content, String name, ExifOrientation exif, Function<RgbImage, T> use, DecodeMemory.Share share)
            throws ImageException {
        int orientation = exif == ExifOrientation.KEEP ? ExifOrientation.UPRIGHT : exifOrientation(content);
        boolean turned = orientation != ExifOrientation.UPRIGHT;
        ImageSource source = new ImageSource(content, name, maxPixels, maxTime, clock, share, turned);
        source.refuse(content.length > MAX_FILE_BYTES, "has more than %s bytes", MAX_FILE_BYTES);
        try {
            return use(ExifOrientation.turn(decode(source), orientation), name, use);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(name, e);
        }
    }

    private static RgbImage decode(ImageSource source) throws ImageException {
        try {
            return switch (ImageForm.require(source)) {
                case JPEG -> new JpegDecoder(source).decode();
                case PNG -> PngDecoder.decode(source);
                case GIF -> new GifDecoder(source).decode();
                case BMP -> BmpDecoder.decode(source);
                case WEBP -> new WebpDecoder(source).decode();
                case TIFF -> new TiffDecoder(source).decode();
            };
        } catch (ImageException e) {
            throw e;
        } catch (EOFException e) {
            throw source.truncated();
        } catch (IOException | RuntimeException e) {
            throw source.damaged(e); // the libraries' readers respond to damage with exceptions of many kinds
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
        String name = file.toString();
        if (file.getFileSystem() != FileSystems.getDefault()) { // an archive, without pipes and devices
            share.takeFile(Math.min(Files.size(file), MAX_FILE_BYTES), name);
            return Files.readAllBytes(file);
        }
        try (OpenFile open = OpenFile.open(file)) {
            share.takeFile(Math.min(open.length(), MAX_FILE_BYTES), name);
            return open.firstBytes(MAX_FILE_BYTES + 1);
        } catch (InputException e) {
            throw new ImageException(e.getMessage(), e);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(name, e);
        }
    }

    /** Returns the error of an image when the rest of the process leaves too little memory. */
    private static ImageException outOfMemory(String name, OutOfMemoryError e) {
        return new ImageException(
                "image " + name + " needs more memory than there is",
                " (" + e.getMessage() + "): make it smaller, or give Java a larger heap (-Xmx)");
    }

    /** Returns width and height of an image file by its header, upright; empty if it cannot be read. */
    public static Optional<Dimension> size(Path file) {
        try (OpenFile regular = OpenFile.open(file);
                ImageInputStream in = new FileImageInputStream(regular.path().toFile())) {
            ImageReader reader = ImageIO.getImageReaders(in).next();
            try {
                reader.setInput(in);
                int width = reader.getWidth(0);
                int height = reader.getHeight(0);
                boolean swapped = ExifOrientation.swaps(exifOrientation(file));
                return Optional.of(swapped ? new Dimension(height, width) : new Dimension(width, height));
            } finally {
                reader.dispose();
            }
        } catch (IOException
                | RuntimeException e) { // the libraries' readers respond to damage with exceptions of many kinds
            return Optional.empty();
        }
    }

    /** Returns the EXIF orientation of an image file, 1 to 8; 1 (upright) if it has none or cannot be read. */
    public static int exifOrientation(Path file) {
        try (OpenFile regular = OpenFile.open(file);
                ImageInputStream in = new FileImageInputStream(regular.path().toFile())) {
            return ExifOrientation.read(in);
        } catch (IOException e) {
            return ExifOrientation.UPRIGHT;
        }
    }

    /** Returns the EXIF orientation of an image file's content, 1 to 8; 1 if it has none. */
    public static int exifOrientation(byte[] content) {
        return ExifOrientation.read(new ByteArrayImageInputStream(content));
    }

    /** A file that is not an image of a known format, damaged, or too large; the message names it. */
    public static final class ImageException extends IOException {

        private static final long serialVersionUID = 1L;

        private final String problem;

        ImageException(String message) {
            this(message, "");
        }

        /**
         * @param problem begins the message
         * @param advice ends it, with sizes of this machine
         */
        ImageException(String problem, String advice) {
            super(problem + advice);
            this.problem = problem;
        }

        ImageException(String message, Throwable cause) {
            super(message, cause);
            this.problem = message;
        }

        /** Returns the message without sizes of this machine. */
        public String problem() {
            return problem;
        }
    }
}
