package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.console.Console;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PixelReader;

/** The images of a command as they are encoded: a progress display, and those that cannot be read, reported as they come. */
final class EncodedImages implements AutoCloseable {

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

    /**
     * Encodes images part by part.
     *
     * @param quickly whether features may differ by float32 rounding from those that a file or a bank has
     */
    static EncodedImages encode(Clip clip, List<Path> files, PixelReader reader, boolean quickly, Console console) {
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights, which is no encoding
        try (EncodedImages images = new EncodedImages(console, files.size(), clip.embedDim())) {
            for (int from = 0; from < files.size(); from += encoder.part()) {
                List<Path> part = files.subList(from, Math.min(files.size(), from + encoder.part()));
                ImageEncoder.PixelSource pixels =
                        (index, target, offset) -> reader.read(part.get(index), target, offset);
                images.add(
                        from,
                        quickly ? encoder.encodeQuickly(part.size(), pixels) : encoder.encode(part.size(), pixels));
            }
            return images;
        }
    }

    private void add(int from, ImageEncoder.Encoded part) {
        for (int i = 0; i < part.features().size(); i++) {
            float[] row = part.features().get(i);
            if (row == null) {
                failed(from + i, part.problems().get(i));
            } else {
                System.arraycopy(row, 0, rows, positions.size() * row.length, row.length);
                done(from + i);
            }
        }
    }

    /** Reads images as the model wants them. */
    static PixelReader reader(Clip clip, ExifOrientation exif) {
        return new PixelReader(new ImageDecoder(), clip.preprocessing(), exif);
    }

    /** An image more is done. */
    void done(int index) {
        positions.add(index);
        task.advance(1);
    }

    /** An image cannot be read. */
    void failed(int index, IOException problem) {
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
                "%s of %s cannot be read".formatted(Numbers.count(problems.size()), Numbers.count(count, "image")));
        return 1;
    }

    @Override
    public void close() {
        task.close();
    }
}
