package org.coop4j.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
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
    }

    /** Returns all pairs, those across splits first, then identical files, then by similarity. */
    static List<Pair> of(RunFeatures images) {
        List<Located> located = images.located(true, true);
        FeatureMatrix features = FeatureSet.matrix(images.all()).normalized();
        List<Pair> pairs = new ArrayList<>();
        IntStream.range(0, located.size())
                .parallel()
                .mapToObj(i -> pairs(located, features, i))
                .toList()
                .forEach(pairs::addAll);
        pairs.sort(Comparator.comparing(Pair::crossesParts)
                .thenComparing(Pair::sameFile)
                .thenComparingDouble(Pair::cosine)
                .reversed());
        return pairs;
    }

    private static List<Pair> pairs(List<Located> located, FeatureMatrix features, int i) {
        List<Pair> pairs = new ArrayList<>();
        Located first = located.get(i);
        for (int j = i + 1; j < located.size(); j++) {
            Located second = located.get(j);
            boolean sameFile = first.sha256().equals(second.sha256());
            if (sameFile || located.size() <= MOST_COMPARED) {
                double cosine = features.dot(i, features, j);
                if (sameFile || cosine > LEAST_COSINE) {
                    pairs.add(new Pair(first, second, Math.min(1, cosine), sameFile));
                }
            }
        }
        return pairs;
    }
}
