package org.coop4j.cli;

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

/**
 * The features of the images that could be read, and what is wrong with the others.
 *
 * @param positions which of the given files each row is of, ascending
 * @param features a row a readable image, not normalised
 * @param problems what is wrong with a file, by its position
 */
record EncodedImages(
        List<Integer> positions, FeatureMatrix features, Map<Integer, String> problems) {

    /**
     * Encodes the images with a progress display, and reports the unreadable ones as they come.
     *
     * @param quickly whether features may differ by float32 rounding from those that a file or a bank has
     */
    static EncodedImages encode(
            Clip clip, List<Path> files, PixelReader reader, boolean quickly, Console console) {
        int embed = clip.architecture().embedDim();
        float[] features = new float[Math.multiplyExact(files.size(), embed)];
        List<Integer> positions = new ArrayList<>();
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights, which is no encoding
        try (ImageProgress progress = new ImageProgress(console, "encoding", files.size())) {
            for (int from = 0; from < files.size(); from += encoder.part()) {
                int first = from;
                int n = Math.min(encoder.part(), files.size() - from);
                ImageEncoder.PixelSource pixels =
                        (index, target, offset) -> reader.read(files.get(first + index), target, offset);
                ImageEncoder.Encoded part = quickly ? encoder.encodeQuickly(n, pixels) : encoder.encode(n, pixels);
                for (int i = 0; i < part.features().size(); i++) {
                    if (part.problems().containsKey(i)) {
                        progress.failed(from + i, part.problems().get(i));
                    } else {
                        System.arraycopy(part.features().get(i), 0, features, positions.size() * embed, embed);
                        positions.add(from + i);
                        progress.done();
                    }
                }
            }
            float[] good = Arrays.copyOf(features, positions.size() * embed);
            return new EncodedImages(
                    positions,
                    FeatureMatrix.of(positions.size(), embed, good),
                    progress.problems());
        }
    }

    /** Reads images as the model wants them. */
    static PixelReader reader(Clip clip, ExifOrientation exif) {
        return new PixelReader(new ImageDecoder(), clip.preprocessing(), exif);
    }

    /** Says how many images are left out; the exit code is 1 then. */
    int exitCode(Console console) {
        return ImageProgress.exitCode(problems.size(), positions.size() + problems.size(), console);
    }
}
