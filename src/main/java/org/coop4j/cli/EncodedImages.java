package org.coop4j.cli;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.TestTransform;
import org.coop4j.weights.Progress;

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
    static EncodedImages encode(Clip clip, List<Path> files, Console console) {
        Collector collector = new Collector(files.size(), clip.architecture().embedDim(), console);
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights, which is no encoding
        try (Progress.Task task = console.task("encoding", files.size(), Progress.Unit.IMAGES)) {
            collector.task = task;
            encoder.encodeFew(files.size(), new Pixels(clip, files)::read, collector);
        }
        return collector.result();
    }

    /** Reads images as the image tower takes them. */
    static final class Pixels {

        private final List<Path> files;
        private final ImageDecoder decoder = new ImageDecoder();
        private final TestTransform transform;

        Pixels(Clip clip, List<Path> files) {
            this.files = files;
            this.transform = new TestTransform(clip.preprocessing());
        }

        /** Writes image {@code index} as [3, side, side] from {@code offset} on. */
        void read(int index, FloatBuffer target, int offset) throws IOException {
            Path file = files.get(index);
            try {
                transform.apply(decoder.decode(file), target, offset);
            } catch (IllegalArgumentException e) {
                // A picture so narrow that its longer side, resized, exceeds an int.
                throw new IOException("image " + file + " cannot be used: " + e.getMessage(), e);
            }
        }
    }

    /** Takes features in order. */
    private static final class Collector implements ImageEncoder.Sink {

        private final int embed;
        private final Console console;
        private final List<Integer> positions = new ArrayList<>();
        private final Map<Integer, String> problems = new LinkedHashMap<>();
        private final float[] features;
        private Progress.Task task;

        Collector(int count, int embed, Console console) {
            this.embed = embed;
            this.console = console;
            this.features = new float[Math.multiplyExact(count, embed)];
        }

        @Override
        public void features(int index, float[] row) {
            System.arraycopy(row, 0, features, positions.size() * embed, embed);
            positions.add(index);
            task.advance(1);
        }

        @Override
        public void failed(int index, IOException problem) {
            String message = Problems.describe(problem);
            problems.put(index, message);
            console.warn(message);
            task.advance(1);
        }

        EncodedImages result() {
            float[] good = Arrays.copyOf(features, positions.size() * embed);
            return new EncodedImages(
                    positions, FeatureMatrix.of(positions.size(), embed, good), problems);
        }
    }

    /** Says how many images are left out; the exit code is 1 then. */
    int exitCode(Console console) {
        if (problems.isEmpty()) {
            return 0;
        }
        console.warn(
                "%s of %s cannot be read"
                        .formatted(
                                Numbers.count(problems.size()),
                                Numbers.count(positions.size() + (long) problems.size(), "image")));
        return 1;
    }
}
