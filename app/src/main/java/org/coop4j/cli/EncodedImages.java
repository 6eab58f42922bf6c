package org.coop4j.cli;

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

/**
 * The features of the images that could be read, and what is wrong with the others.
 *
 * @param positions which of the given files each row is of, ascending
 * @param features a row a readable image, not normalised
 * @param problems what is wrong with a file, by its position
 */
record EncodedImages(
        List<Integer> positions, FeatureMatrix features, Map<Integer, String> problems) {

    /** Encodes the images with a progress display, and reports the unreadable ones as they come. */
    static EncodedImages encode(Clip clip, List<Path> files, PixelReader reader, Console console) {
        int embed = clip.architecture().embedDim();
        float[] features = new float[Math.multiplyExact(files.size(), embed)];
        List<Integer> positions = new ArrayList<>();
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights, which is no encoding
        try (ImageProgress progress = new ImageProgress(console, "encoding", files.size())) {
            encoder.encode(
                    files.size(),
                    (index, target, offset) -> reader.read(files.get(index), target, offset),
                    new ImageEncoder.Sink() {
                        @Override
                        public void features(int index, float[] row) {
                            System.arraycopy(row, 0, features, positions.size() * embed, embed);
                            positions.add(index);
                            progress.done();
                        }

                        @Override
                        public void failed(int index, IOException problem) {
                            progress.failed(index, problem);
                        }
                    });
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
