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
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.eval.Numbers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing;
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

    /** Takes the features of images one by one, in order. */
    interface Taker {

        /**
         * Takes the features of an image, not normalised.
         *
         * @param index its position among the files
         * @param features reused for the next image
         */
        void take(int index, float[] features);
    }

    /** Encodes the images with a progress display, and reports the unreadable ones as they come. */
    static EncodedImages encode(Clip clip, List<Path> files, Console console) {
        int embed = clip.architecture().embedDim();
        float[] features = new float[Math.multiplyExact(files.size(), embed)];
        List<Integer> positions = new ArrayList<>();
        Map<Integer, String> problems =
                each(
                        clip,
                        files,
                        console,
                        (index, row) -> {
                            System.arraycopy(row, 0, features, positions.size() * embed, embed);
                            positions.add(index);
                        });
        float[] good = Arrays.copyOf(features, positions.size() * embed);
        return new EncodedImages(
                positions, FeatureMatrix.of(positions.size(), embed, good), problems);
    }

    /**
     * Encodes images one by one with a progress display, and reports the unreadable ones as they
     * come.
     *
     * @return what is wrong with a file, by its position
     */
    static Map<Integer, String> each(Clip clip, List<Path> files, Console console, Taker taker) {
        Map<Integer, String> problems = new LinkedHashMap<>();
        ImageEncoder encoder = clip.imageEncoder(); // reads its weights, which is no encoding
        try (Progress.Task task = console.task("encoding", files.size(), Progress.Unit.IMAGES)) {
            encoder.encode(
                    files.size(),
                    new Pixels(clip, files)::read,
                    new ImageEncoder.Sink() {
                        @Override
                        public void features(int index, float[] row) {
                            taker.take(index, row);
                            task.advance(1);
                        }

                        @Override
                        public void failed(int index, IOException problem) {
                            problems.put(index, Problems.describe(problem));
                            console.warn(problems.get(index));
                            task.advance(1);
                        }
                    });
        }
        return problems;
    }

    /** Reads images as the image tower takes them. */
    static final class Pixels {

        private final List<Path> files;
        private final ImageDecoder decoder = new ImageDecoder();
        private final Preprocessing preprocessing;

        Pixels(Clip clip, List<Path> files) {
            this.files = files;
            this.preprocessing = clip.preprocessing();
        }

        /** Writes image {@code index} as [3, side, side] from {@code offset} on. */
        void read(int index, FloatBuffer target, int offset) throws IOException {
            TestTransform transform = new TestTransform(preprocessing);
            preprocessing.toTensor(
                    decoder.decode(files.get(index), ExifOrientation.APPLY, transform::apply),
                    target,
                    offset);
        }
    }

    /** Says how many images are left out; the exit code is 1 then. */
    int exitCode(Console console) {
        return exitCode(problems.size(), positions.size() + problems.size(), console);
    }

    /** Says how many of all images are left out; the exit code is 1 then. */
    static int exitCode(int bad, int all, Console console) {
        if (bad == 0) {
            return 0;
        }
        console.warn(
                "%s of %s cannot be read"
                        .formatted(Numbers.count(bad), Numbers.count(all, "image")));
        return 1;
    }
}
