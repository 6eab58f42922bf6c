package org.coop4j.bench;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.data.Examples;
import org.coop4j.method.Method;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.ImageClassifier;

/** Measurements of heat maps: their time, and if covering what they mark changes the answer. */
public final class HeatMapBench {

    private HeatMapBench() {}

    /** Measures a map of one image. */
    public static Measurement map(Clip clip, int runs) {
        float[] pixels =
                StepBench.gaussian(new SplittableRandom(1), clip.preprocessing().tensorLength(), 1);
        return Measurement.of(1, runs, 0, () -> clip.imageEncoder().gateGradient(FloatBuffer.wrap(pixels), x -> x));
    }

    /**
     * Falls of the log-odds of right answers.
     *
     * @param images number of right answers
     * @param marked mean fall with the marked quarter covered
     * @param square mean fall with a random square covered
     * @param better share of the images in which the marked quarter falls further than the mean of four squares
     */
    public record Faithfulness(int images, double marked, double square, double better) {

        /**
         * Learns a classifier from {@code train} in a folder, and covers parts of the images in {@code test}.
         *
         * @param each takes every so many of the test images
         */
        public static Faithfulness of(Clip clip, Method method, Path folder, int each) throws IOException {
            int images = 0;
            double marked = 0;
            double square = 0;
            double better = 0;
            int number = 0;
            try (ImageClassifier classifier =
                            ImageClassifier.learn(clip, Examples.folder(folder.resolve("train")), method);
                    Stream<Path> files = Files.walk(folder.resolve("test"))) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    String label = file.getParent().getFileName().toString();
                    InputImage image = InputImage.of(file);
                    if (number++ % each != 0
                            || !classifier.classify(image).get(0).label().equals(label)) {
                        continue;
                    }
                    HeatMap.Check check = classifier.check(image, classifier.why(image, label));
                    double ofMarked = logOdds(check.whole()) - logOdds(check.marked());
                    double ofSquare = logOdds(check.whole())
                            - check.squares().stream()
                                    .mapToDouble(Faithfulness::logOdds)
                                    .average()
                                    .orElseThrow();
                    images++;
                    marked += ofMarked;
                    square += ofSquare;
                    better += ofMarked > ofSquare ? 1 : 0;
                }
            }
            return new Faithfulness(images, marked / images, square / images, better / images);
        }

        private static double logOdds(double p) {
            return Math.log(p / Math.max(1e-15, 1 - p));
        }
    }

    /** Returns Pearson's correlation of two maps. */
    public static double correlation(HeatMap one, HeatMap other) {
        double[] a = centred(one);
        double[] b = centred(other);
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }

    private static double[] centred(HeatMap map) {
        double mean = map.values().stream().mapToDouble(v -> v).average().orElseThrow();
        return map.values().stream().mapToDouble(v -> v - mean).toArray();
    }

    private static double dot(double[] a, double[] b) {
        double[] products = new double[a.length];
        Arrays.setAll(products, i -> a[i] * b[i]);
        return Arrays.stream(products).sum();
    }
}
