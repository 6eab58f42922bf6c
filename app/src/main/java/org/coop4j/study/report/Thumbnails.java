package org.coop4j.study.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.coop4j.image.BicubicResize;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;
import org.coop4j.study.html.Section.Picture;

/** Small copies of images for pages: a page of photographs as they are would be too large. */
final class Thumbnails {

    private static final int SIDE = 160;

    private final ImageDecoder decoder = new ImageDecoder();
    private final Map<Path, Optional<byte[]>> made = new HashMap<>();

    /**
     * Adds a picture of a page; nothing for an image that cannot be read any more.
     *
     * @param className what it shows
     * @param caption stands below it
     */
    void add(List<Picture> pictures, Path file, String className, String caption) {
        made.computeIfAbsent(file, this::bytes)
                .ifPresent(bytes -> pictures.add(Picture.jpeg(bytes, "a picture of the class " + className, caption)));
    }

    private Optional<byte[]> bytes(Path file) {
        try {
            return Optional.of(decoder.decode(file, ExifOrientation.APPLY, Thumbnails::jpeg));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static byte[] jpeg(RgbImage image) {
        double scale = Math.min(1, (double) SIDE / Math.max(image.width(), image.height()));
        int width = Math.max(1, (int) Math.round(scale * image.width()));
        int height = Math.max(1, (int) Math.round(scale * image.height()));
        RgbImage small = scale < 1 ? BicubicResize.resize(image, width, height) : image;
        BufferedImage copy = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                copy.setRGB(x, y, small.rgb(x, y));
            }
        }
        return encoded(copy, "jpg");
    }

    /** The content of an image's file in a format that Java can write. */
    static byte[] encoded(BufferedImage image, String format) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, format, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("memory can always be written", e);
        }
        return bytes.toByteArray();
    }
}
