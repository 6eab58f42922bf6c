package org.coop4j.study.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.coop4j.image.BicubicResize;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;
import org.coop4j.study.chart.ChartFiles;
import org.coop4j.study.html.Picture;

/** Small copies of images for pages: a page of photographs as they are would be too large. */
final class Thumbnails {

    private static final int SIDE = 160;

    private final ImageDecoder decoder = new ImageDecoder();
    private final Map<Path, Optional<byte[]>> made = new HashMap<>();

    /**
     * The picture of a page; nothing for an image that cannot be read any more.
     *
     * @param alternative what it shows
     * @param caption stands below it
     */
    Optional<Picture> of(Path file, String alternative, String caption) {
        return made.computeIfAbsent(file, this::bytes)
                .map(bytes -> Picture.jpeg(bytes, alternative, caption));
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
        return ChartFiles.encoded(copy, "jpg");
    }
}
