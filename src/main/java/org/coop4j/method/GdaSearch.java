package org.coop4j.method;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;

/**
 * Chooses the weight α of {@link Gda}'s Gaussians on the val images or, without them, by
 * cross-validation on the training images: fold j holds out the j-th image of each class.
 */
final class GdaSearch {

    private static final double[] GRID = {1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100};

    private GdaSearch() {}

    /** The smallest of the best α. */
    static double alpha(
            Gaussians gaussians, FewShotFeatures data, FeatureMatrix text, float scale) {
        int[] hits =
                data.val().size() > 0
                        ? valHits(gaussians, data.val(), text, scale)
                        : crossValidationHits(data.train(), text, scale);
        int best = 0;
        for (int a = 1; a < GRID.length; a++) {
            best = hits[a] > hits[best] ? a : best;
        }
        return GRID[best];
    }

    /** Val images that are right with each α of the grid. */
    static int[] valHits(Gaussians gaussians, FeatureSet val, FeatureMatrix text, float scale) {
        return hits(gaussians, text, scale, Views.normalized(val, 0), val.labels());
    }

    /** Held-out training images that are right with each α of the grid. */
    static int[] crossValidationHits(FeatureSet images, FeatureMatrix text, float scale) {
        int[] place = places(images.labels(), text.rows());
        int folds = Arrays.stream(place).max().orElse(0) + 1;
        if (folds < 2) {
            return new int[GRID.length]; // nothing is left to fit to
        }
        FeatureSet pool = Views.pooled(images);
        FeatureMatrix f = Views.normalized(pool, 0);
        FeatureMatrix first = Views.normalized(images, 0);
        Gaussians.Moments all = Gaussians.Moments.of(f, pool.labels(), text.rows());
        int[][] hits =
                IntStream.range(0, folds)
                        .parallel()
                        .mapToObj(
                                fold -> {
                                    int[] views =
                                            where(
                                                    pool.size(),
                                                    i -> place[i / images.views()] == fold);
                                    int[] held = where(images.size(), i -> place[i] == fold);
                                    return hits(
                                            all.without(f.rows(views), labels(pool, views))
                                                    .gaussians(),
                                            text,
                                            scale,
                                            first.rows(held),
                                            labels(images, held));
                                })
                        .toArray(int[][]::new);
        return IntStream.range(0, GRID.length)
                .map(a -> Arrays.stream(hits).mapToInt(fold -> fold[a]).sum())
                .toArray();
    }

    private static int[] where(int count, IntPredicate chosen) {
        return IntStream.range(0, count).filter(chosen).toArray();
    }

    private static int[] labels(FeatureSet images, int[] chosen) {
        return Arrays.stream(chosen).map(images::label).toArray();
    }

    /** The how-manieth of its class each image is. */
    private static int[] places(int[] labels, int classes) {
        int[] seen = new int[classes];
        return Arrays.stream(labels).map(label -> seen[label]++).toArray();
    }

    private static int[] hits(
            Gaussians gaussians,
            FeatureMatrix text,
            float scale,
            FeatureMatrix images,
            int[] labels) {
        FeatureMatrix cosines = images.products(text);
        FeatureMatrix products = images.products(gaussians.weights());
        return Arrays.stream(GRID)
                .mapToLong(
                        alpha ->
                                IntStream.range(0, labels.length)
                                        .parallel()
                                        .filter(
                                                i ->
                                                        best(
                                                                        scale,
                                                                        cosines.row(i),
                                                                        alpha,
                                                                        products.row(i),
                                                                        gaussians.bias())
                                                                == labels[i])
                                        .count())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    /** The class of the largest logit of an image, the first of equals. */
    private static int best(
            float scale, float[] cosines, double alpha, float[] products, float[] bias) {
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < bias.length; k++) {
            double bayes = (double) products[k] + bias[k];
            double logit = scale * (double) cosines[k] + alpha * bayes;
            if (logit > most) {
                most = logit;
                best = k;
            }
        }
        return best;
    }
}
