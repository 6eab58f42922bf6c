package org.coop4j.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.run.RunFeatures.Located;

/**
 * Images that are identical or nearly so, by the hash of their files or by a cosine of their features above {@value
 * #LEAST_COSINE}. A test image that was also learned from inflates the accuracy.
 */
public final class NearDuplicates {

    /** Cosine above which the same image has usually been saved twice. */
    public static final double LEAST_COSINE = 0.995;

    /** Limit of the number of images whose features are compared. */
    private static final int MOST_COMPARED = 6000;

    private NearDuplicates() {}

    /**
     * Two images.
     *
     * @param cosine of their features
     * @param sameFile true if their files have the same content
     */
    public record Pair(Located first, Located second, double cosine, boolean sameFile) {

        /** Returns true if they are in different splits, which makes the test less reliable. */
        public boolean crossesParts() {
            return !first.part().equals(second.part());
        }

        /** Returns true if they have different labels, one of which must be wrong. */
        public boolean disagrees() {
            return first.image().label() != second.image().label();
        }
    }

    /** Returns all pairs, those across splits first, then identical files, then by similarity. */
    static List<Pair> of(List<Located> pictures) {
        boolean compare = pictures.size() <= MOST_COMPARED;
        float[][] unit = pictures.stream().map(p -> unit(p.features())).toArray(float[][]::new);
        List<Pair> pairs = new ArrayList<>();
        IntStream.range(0, unit.length)
                .parallel()
                .mapToObj(i -> pairs(pictures, unit, i, compare))
                .toList()
                .forEach(pairs::addAll);
        pairs.sort(Comparator.comparing(Pair::crossesParts)
                .thenComparing(Pair::sameFile)
                .thenComparingDouble(Pair::cosine)
                .reversed());
        return pairs;
    }

    private static List<Pair> pairs(List<Located> pictures, float[][] unit, int i, boolean compare) {
        List<Pair> pairs = new ArrayList<>();
        Located first = pictures.get(i);
        for (int j = i + 1; j < unit.length; j++) {
            Located second = pictures.get(j);
            boolean sameFile = first.sha256().equals(second.sha256());
            if (sameFile || compare) {
                double cosine = dot(unit[i], unit[j]);
                if (sameFile || cosine > LEAST_COSINE) {
                    pairs.add(new Pair(first, second, Math.min(1, cosine), sameFile));
                }
            }
        }
        return pairs;
    }

    private static float[] unit(float[] row) {
        double length = Math.sqrt(dot(row, row));
        float[] unit = new float[row.length];
        for (int i = 0; i < row.length; i++) {
            unit[i] = (float) (row[i] / length);
        }
        return unit;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
