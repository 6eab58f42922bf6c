package org.coop4j.findings;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;

/** The images that are most similar to an image. */
public final class Neighbours {

    /** Rows of a product, which bounds its memory. */
    private static final int BLOCK = 512;

    private Neighbours() {}

    /** Receives the similarities of an image to others. */
    public interface Use {
        /** Receives the similarities of image {@code i}, in the order of the others. */
        void of(int i, float[] similar);
    }

    /** Compares images with others by features of unit length. */
    public static void each(FeatureMatrix some, FeatureMatrix others, Use use) {
        for (int from = 0; from < some.rows(); from += BLOCK) {
            int[] part =
                    IntStream.range(from, Math.min(some.rows(), from + BLOCK)).toArray();
            FeatureMatrix products = some.rows(part).products(others);
            for (int i : part) {
                use.of(i, products.row(i - from));
            }
        }
    }

    /** Returns the numbers of the most similar images that are wanted, at most {@code k}. */
    public static List<Integer> first(float[] similar, int k, IntPredicate wanted) {
        List<Integer> first = new ArrayList<>();
        for (int n = 0; n < k; n++) {
            int best = Predictions.argmax(
                    similar.length, i -> wanted.test(i) && !first.contains(i) ? similar[i] : Double.NEGATIVE_INFINITY);
            if (best < similar.length && wanted.test(best) && !first.contains(best)) {
                first.add(best);
            }
        }
        return first;
    }
}
