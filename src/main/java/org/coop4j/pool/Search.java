package org.coop4j.pool;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.PromptEnsemble.PromptTemplates;

/**
 * Pictures by words, or by other pictures, the nearest first.
 *
 * <p>For words the score is the cosine with the text. For pictures, features less the pool's mean are compared: what all pictures
 * share says nothing.
 */
public final class Search {

    private final FeatureMatrix units;
    private final double[] mean;
    private final double[] lengths; // of the features less their mean

    /** Searches in pictures by their features of unit length. */
    public Search(FeatureMatrix units) {
        this.units = units;
        int width = units.width();
        mean = Centred.mean(units);
        lengths = IntStream.range(0, units.rows())
                .parallel()
                .mapToDouble(i -> Math.sqrt(IntStream.range(0, width)
                        .mapToDouble(d -> square(units.get(i, d) - mean[d]))
                        .sum()))
                .toArray();
    }

    /** Returns the text whose feature stands for words. */
    public static String prompt(String words) {
        return PromptTemplates.PHOTO.replace("{}", words);
    }

    private static double square(double x) {
        return x * x;
    }

    /**
     * Returns the score of each picture for words.
     *
     * @param text feature of the words, of unit length
     * @param not feature of words that it should not be, of unit length; null for none
     */
    public double[] words(float[] text, float[] not) {
        double[] query = new double[text.length];
        Arrays.setAll(query, d -> text[d] - (not == null ? 0 : 0.5 * not[d]));
        return scores(query, 0, i -> 1);
    }

    /**
     * Returns the score of each picture for examples.
     *
     * @param like rows of pictures of this pool that it should resemble, at least one
     * @param unlike rows of pictures that it should not
     */
    public double[] like(int[] like, int[] unlike) {
        return like(units.rows(like), units.rows(unlike));
    }

    /** Does the same for pictures by their features of unit length, which need not be in the pool. */
    public double[] like(FeatureMatrix like, FeatureMatrix unlike) {
        Require.that(like.rows() >= 1, "expected 1 picture or more to resemble, got none");
        double[] query = new double[mean.length];
        add(query, like, 1);
        add(query, unlike, -0.5);
        double length = Math.sqrt(Arrays.stream(query).map(Search::square).sum());
        Arrays.setAll(query, d -> length > 0 ? query[d] / length : 0);
        double shift = -IntStream.range(0, mean.length)
                .mapToDouble(d -> mean[d] * query[d])
                .sum();
        return scores(query, shift, i -> lengths[i]);
    }

    /** Adds a factor times the mean of pictures less the pool's mean, of unit length. */
    private void add(double[] query, FeatureMatrix pictures, double factor) {
        for (int i = 0; i < pictures.rows(); i++) {
            double[] row = new double[mean.length];
            for (int d = 0; d < row.length; d++) {
                row[d] = pictures.get(i, d) - mean[d];
            }
            double length = Math.sqrt(Arrays.stream(row).map(Search::square).sum());
            for (int d = 0; d < row.length && length > 0; d++) {
                query[d] += factor * row[d] / length / pictures.rows();
            }
        }
    }

    private double[] scores(double[] query, double shift, IntToDoubleFunction length) {
        int width = units.width();
        double[] scores = new double[units.rows()];
        IntStream.range(0, scores.length).parallel().forEach(i -> {
            double s0 = 0;
            double s1 = 0;
            double s2 = 0;
            double s3 = 0;
            int d = 0;
            for (; d + 4 <= width; d += 4) {
                s0 += query[d] * units.get(i, d);
                s1 += query[d + 1] * units.get(i, d + 1);
                s2 += query[d + 2] * units.get(i, d + 2);
                s3 += query[d + 3] * units.get(i, d + 3);
            }
            for (; d < width; d++) {
                s0 += query[d] * units.get(i, d);
            }
            double divisor = length.applyAsDouble(i);
            scores[i] = divisor > 0 ? (s0 + s1 + s2 + s3 + shift) / divisor : 0;
        });
        return scores;
    }

    /** Returns the rows of the largest scores, the largest first and the lower row at a tie. */
    public static int[] best(double[] scores, int count) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted((a, b) -> Double.compare(scores[b], scores[a]))
                .limit(count)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
