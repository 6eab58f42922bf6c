package org.coop4j.method;

import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.data.FeatureSet;
import org.coop4j.train.Setting;

/**
 * How much a cache of training images counts beside the text features.
 *
 * @param alpha residual ratio: the weight of the cache's logits
 * @param beta sharpness: how fast a key's influence falls with its distance
 * @param search whether both are chosen on the val images, where there are any
 * @param maxAlpha where the search for alpha ends
 * @param maxBeta where the search for beta ends
 */
public record CacheWeights(
        @Setting("residual ratio: weight of the cache's logits") double alpha,
        @Setting("sharpness: how fast a key's influence falls with its distance") double beta,
        @Setting("choose alpha and beta on the val images, where there are any") boolean search,
        @Setting("where the search for alpha ends") double maxAlpha,
        @Setting("where the search for beta ends") double maxBeta) {

    private static final double FIRST = 0.1;
    private static final int ALPHAS = 20;
    private static final int BETAS = 200;

    public CacheWeights {
        requireNotNegative("alpha", alpha);
        requireNotNegative("beta", beta);
        requireNotNegative("max_alpha", maxAlpha);
        requireNotNegative("max_beta", maxBeta);
    }

    /** What the reference begins with on ImageNet, and what it searches there. */
    public CacheWeights() {
        this(1.17, 1, true, 3, 7);
    }

    private static void requireNotNegative(String name, double value) {
        if (!(value >= 0)) {
            throw new IllegalArgumentException(name + ": expected 0 or more, got " + value);
        }
    }

    /** {@code alpha} and {@code beta} as settings. */
    Map<String, Object> chosen() {
        return Map.of("alpha", alpha, "beta", beta);
    }

    /**
     * Those of the grid with which most val images are classified correctly, of equal ones the
     * first: beta in the outer loop, alpha in the inner one, both ascending.
     */
    CacheWeights searched(KeyCache cache, FeatureSet val) {
        int[][] hits = hits(cache, val);
        int best = -1;
        CacheWeights chosen = this;
        for (int b = 0; b < BETAS; b++) {
            for (int a = 0; a < ALPHAS; a++) {
                if (hits[b][a] > best) {
                    best = hits[b][a];
                    chosen =
                            new CacheWeights(
                                    grid(a, ALPHAS, maxAlpha),
                                    grid(b, BETAS, maxBeta),
                                    search,
                                    maxAlpha,
                                    maxBeta);
                }
            }
        }
        return chosen;
    }

    /** How many val images each (beta, alpha) of the grid classifies correctly. */
    int[][] hits(KeyCache cache, FeatureSet val) {
        boolean[][] correct =
                IntStream.range(0, val.size())
                        .parallel()
                        .mapToObj(i -> correct(cache, val, i))
                        .toArray(boolean[][]::new);
        int[][] hits = new int[BETAS][ALPHAS];
        for (boolean[] image : correct) {
            for (int cell = 0; cell < image.length; cell++) {
                hits[cell / ALPHAS][cell % ALPHAS] += image[cell] ? 1 : 0;
            }
        }
        return hits;
    }

    private boolean[] correct(KeyCache cache, FeatureSet val, int image) {
        float[] x = new float[val.width()];
        val.copyNormalized(image, 0, x, 0);
        float[] text = cache.textLogits(x);
        float[] distances = cache.distances(x);
        boolean[] correct = new boolean[BETAS * ALPHAS];
        for (int b = 0; b < BETAS; b++) {
            double[] votes = cache.votes(distances, grid(b, BETAS, maxBeta));
            for (int a = 0; a < ALPHAS; a++) {
                double alphaHere = grid(a, ALPHAS, maxAlpha);
                int best = 0;
                double largest = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < text.length; c++) {
                    double z = text[c] + alphaHere * votes[c];
                    if (z > largest) {
                        largest = z;
                        best = c;
                    }
                }
                correct[b * ALPHAS + a] = best == val.label(image);
            }
        }
        return correct;
    }

    private static double grid(int i, int count, double end) {
        return FIRST + i * (end - FIRST) / count;
    }
}
