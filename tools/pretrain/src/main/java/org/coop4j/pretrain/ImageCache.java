package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.coop4j.base.InputException;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PillowResize;
import org.coop4j.image.RgbImage;

/**
 * The pictures of a table, held in memory as bytes while there is room for them and read again each
 * time otherwise.
 *
 * <p>A picture is held at no more than one and a half times the model's resolution, which leaves
 * the augmentation something to zoom into.
 */
final class ImageCache {

    private final List<Path> files;
    private final int shorterSide;
    private final RgbImage[] held;
    private final ImageDecoder decoder = new ImageDecoder();

    private ImageCache(List<Path> files, int imageSize) {
        this.files = files;
        this.shorterSide = (3 * imageSize + 1) / 2;
        this.held = new RgbImage[files.size()];
    }

    /** Returns a share of the Java heap's limit that pictures may take. */
    static long standardBudget() {
        return Runtime.getRuntime().maxMemory() / 2;
    }

    /**
     * Reads all pictures once, on all threads.
     *
     * @param imageSize side of the model's input
     * @param budget bytes that may be held
     * @throws InputException when pictures cannot be read, naming the first
     */
    static ImageCache load(List<Path> files, int imageSize, long budget, Workers workers) throws IOException {
        ImageCache cache = new ImageCache(files, imageSize);
        IOException[] problems = new IOException[files.size()];
        AtomicLong left = new AtomicLong(budget);
        workers.each(problems.length, (part, i) -> {
            try {
                RgbImage image = cache.read(i);
                if (left.addAndGet(-image.samples().length) >= 0) {
                    cache.held[i] = image;
                }
            } catch (IOException e) {
                problems[i] = e;
            }
        });
        requireNone(problems);
        return cache;
    }

    private static void requireNone(IOException[] problems) throws InputException {
        IOException first = null;
        int count = 0;
        for (IOException problem : problems) {
            if (problem != null) {
                first = first == null ? problem : first;
                count++;
            }
        }
        if (first != null) {
            throw new InputException(count + " image(s) cannot be read, the first: " + first.getMessage(), first);
        }
    }

    private RgbImage read(int i) throws IOException {
        return decoder.decode(files.get(i), ExifOrientation.KEEP, this::shrunk);
    }

    private RgbImage shrunk(RgbImage image) {
        int shorter = Math.min(image.width(), image.height());
        if (shorter <= shorterSide) {
            return image;
        }
        int width = (int) Math.max(1, (long) image.width() * shorterSide / shorter);
        int height = (int) Math.max(1, (long) image.height() * shorterSide / shorter);
        return PillowResize.resize(image, width, height);
    }

    /**
     * Returns the picture with that number; from any thread.
     *
     * @throws IOException if it is not held and has become unreadable
     */
    RgbImage get(int i) throws IOException {
        RgbImage image = held[i];
        return image != null ? image : read(i);
    }

    /** Returns the number of images held in memory. */
    int heldCount() {
        return (int) Arrays.stream(held).filter(Objects::nonNull).count();
    }
}
