package org.coop4j.page;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.base.Log;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PillowResize;
import org.coop4j.image.RgbImage;
import org.coop4j.page.Section.Picture;
import org.slf4j.Logger;

/** Small copies of images for pages. */
public final class Thumbnails {

    private static final Logger LOG = Log.of(Thumbnails.class);
    private static final int SIDE = 224;

    private final ImageDecoder decoder = new ImageDecoder();
    private final Map<Path, byte[]> made = new HashMap<>();

    /**
     * Returns a picture of a page with lines below it, which links to the file and names it with its folder; none if it
     * cannot be read any more.
     */
    public Stream<Picture> picture(Path file, String className, String... lines) {
        return Stream.ofNullable(made.computeIfAbsent(file, this::bytes))
                .map(bytes -> picture(file, bytes, "an image of the class " + className, List.of(lines)));
    }

    /** Returns a picture of a page that was made of a file. */
    public static Picture picture(Path file, byte[] jpeg, String alternative, List<String> lines) {
        Path path = file.toAbsolutePath();
        int names = path.getNameCount();
        String name = path.subpath(Math.max(0, names - 2), names).toString();
        return new Picture(jpeg, path.toUri().toString(), name, alternative, lines);
    }

    /** Returns a small JPEG file; null if the image cannot be read. */
    private byte[] bytes(Path file) {
        try {
            return decoder.decode(file, ExifOrientation.APPLY, image -> jpeg(image, SIDE));
        } catch (IOException e) {
            return null;
        }
    }

    /** Returns a file's content, which is made if the file is not there. */
    public static byte[] kept(Path file, boolean keeps, IoSupplier<byte[]> make) throws IOException {
        if (Files.exists(file) && Files.size(file) > 0) {
            return Files.readAllBytes(file);
        }
        byte[] small = make.get();
        if (keeps) {
            keep(file, small);
        }
        return small;
    }

    /** Writes a file if that is possible; it can be made again. */
    public static void keep(Path file, byte[] content) {
        try {
            Files.createDirectories(file.getParent());
            try (AtomicFile written = AtomicFile.create(file)) {
                written.write(ByteBuffer.wrap(content), 0);
                written.replace();
            }
        } catch (IOException e) {
            LOG.debug("a thumbnail is not kept: {}", e.getMessage());
        }
    }

    /** Returns a JPEG file of an image whose longer side is at most {@code side}. */
    public static byte[] jpeg(RgbImage image, int side) {
        double scale = Math.min(1, (double) side / Math.max(image.width(), image.height()));
        int width = Math.max(1, (int) Math.round(scale * image.width()));
        int height = Math.max(1, (int) Math.round(scale * image.height()));
        RgbImage small = scale < 1 ? PillowResize.resize(image, width, height) : image;
        BufferedImage copy = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                copy.setRGB(x, y, small.rgb(x, y));
            }
        }
        return encoded(copy, "jpg");
    }

    /** Returns the content of an image's file in a format that Java can write. */
    public static byte[] encoded(BufferedImage image, String format) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream memory =
                new MemoryCacheImageOutputStream(bytes)) { // needs no file, as ImageIO's own does
            ImageIO.write(image, format, memory);
        } catch (IOException e) {
            throw new UncheckedIOException("memory can always be written", e);
        }
        return bytes.toByteArray();
    }
}
