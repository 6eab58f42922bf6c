package org.coop4j.cli;

import org.coop4j.base.Progress;
import org.coop4j.base.Numbers;
import java.util.LinkedHashMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.console.Console;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PixelReader;

/** The images of a command as they are encoded: a progress display, and those that cannot be read, reported as they come. */
final class EncodedImages implements ImageEncoder.Sink, AutoCloseable {

    private final Console console;
    private final int count;
    private final float[] rows;
    private final List<Integer> positions = new ArrayList<>();
    private final Map<Integer, String> problems = new LinkedHashMap<>();
    private final Progress.Task task;

    /**
     * @param count number of images
     * @param width of the features that are kept, 0 where none are
     */
    EncodedImages(Console console, int count, int width) {
        this.console = console;
        this.count = count;
        this.rows = new float[Math.multiplyExact(count, width)];
        this.task = console.task("encoding", count, Progress.Unit.IMAGES);
    }

    /** Encodes images. */
    static EncodedImages encode(Clip clip, List<Path> files, PixelReader reader, Console console) {
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights, which is no encoding
        try (EncodedImages images = new EncodedImages(console, files.size(), clip.embedDim())) {
            encoder.encode(
                    files.size(),
                    (index, target, offset) -> reader.read(files.get(index), target, offset),
                    images);
            return images;
        }
    }

    /** Reads images as the model wants them. */
    static PixelReader reader(Clip clip, ExifOrientation exif) {
        return new PixelReader(new ImageDecoder(), clip.preprocessing(), exif);
    }

    @Override
    public void features(int index, float[] row) {
        System.arraycopy(row, 0, rows, positions.size() * row.length, row.length);
        done(index);
    }

    /** An image more is done. */
    void done(int index) {
        positions.add(index);
        task.advance(1);
    }

    @Override
    public void failed(int index, IOException problem) {
        problems.put(index, Problems.describe(problem));
        console.warn(problems.get(index));
        task.advance(1);
    }

    /** The images that could be read, in their order. */
    List<Integer> positions() {
        return positions;
    }

    /** A row a readable image, not normalised. */
    FeatureMatrix features() {
        int width = rows.length / count;
        return FeatureMatrix.of(positions.size(), width, Arrays.copyOf(rows, positions.size() * width));
    }

    /** What is wrong with an image, by its position. */
    Map<Integer, String> problems() {
        return problems;
    }

    /** Says how many images are left out; the exit code is 1 then. */
    int exitCode() {
        if (problems.isEmpty()) {
            return 0;
        }
        console.warn(
                "%s of %s cannot be read"
                        .formatted(Numbers.count(problems.size()), Numbers.count(count, "image")));
        return 1;
    }

    @Override
    public void close() {
        task.close();
    }
}
