package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.clip.ImageEncoder.PixelSource;
import org.coop4j.console.Console;
import org.coop4j.console.ProblemText;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;

/** A command's images while they are encoded: shows progress and reports unreadable images. */
final class EncodedImages implements AutoCloseable {

    private final Console console;
    private final int count;
    private final List<float[]> rows = new ArrayList<>();
    /** Positions of the images that could be read. */
    final List<Integer> positions = new ArrayList<>();

    /** The problem of each unreadable image, by its position. */
    final Map<Integer, String> problems = new LinkedHashMap<>();

    private final Task task;

    EncodedImages(Console console, int count) {
        this.console = console;
        this.count = count;
        this.task = console.task("encoding", count, Unit.IMAGES);
    }

    /**
     * Encodes images part by part, as the model takes them.
     *
     * @param quickly allows features to differ by float32 rounding from those in a file or bank
     */
    static EncodedImages encode(Clip clip, List<Path> files, ExifOrientation exif, boolean quickly, Console console) {
        PixelReader reader = reader(clip, exif);
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights before the progress begins
        try (EncodedImages images = new EncodedImages(console, files.size())) {
            for (int from = 0; from < files.size(); from += encoder.part()) {
                List<Path> part = files.subList(from, Math.min(files.size(), from + encoder.part()));
                PixelSource pixels = (index, target, offset) -> reader.read(part.get(index), target, offset);
                images.add(
                        from,
                        quickly ? encoder.encodeQuickly(part.size(), pixels) : encoder.encode(part.size(), pixels));
            }
            return images;
        }
    }

    private void add(int from, Encoded part) {
        for (int i = 0; i < part.features().size(); i++) {
            float[] row = part.features().get(i);
            if (row == null) {
                failed(from + i, part.problems().get(i));
            } else {
                rows.add(row);
                done(from + i);
            }
        }
    }

    /** Returns a reader of images as the model takes them. */
    static PixelReader reader(Clip clip, ExifOrientation exif) {
        return new PixelReader(new ImageDecoder(), clip.preprocessing(), exif);
    }

    /** Counts an image that was encoded. */
    void done(int index) {
        positions.add(index);
        task.advance(1);
    }

    /** Reports an image that cannot be read. */
    void failed(int index, IOException problem) {
        problems.put(index, ProblemText.of(problem));
        console.warn(problems.get(index));
        task.advance(1);
    }

    /** Returns one row per readable image, not normalised. */
    FeatureMatrix features(int width) {
        return FeatureMatrix.of(rows, width);
    }

    /** Reports the number of unreadable images; returns exit code 1 if there are any. */
    int exitCode() {
        if (problems.isEmpty()) {
            return 0;
        }
        console.warn("%s of %s cannot be read", count(problems.size()), count(count, "image"));
        return 1;
    }

    @Override
    public void close() {
        task.close();
    }
}
