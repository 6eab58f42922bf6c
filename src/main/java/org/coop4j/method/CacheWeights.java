package org.coop4j.method;

import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;

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
        Settings.requireNotNegative("alpha", alpha);
        Settings.requireNotNegative("beta", beta);
        Settings.requireNotNegative("max_alpha", maxAlpha);
        Settings.requireNotNegative("max_beta", maxBeta);
    }

    /** What the reference begins with on ImageNet, and what it searches there. */
    public CacheWeights() {
        this(1.17, 1, true, 3, 7);
    }

    /** {@code alpha} and {@code beta} as settings. */
    Map<String, Object> chosen() {
        return Map.of("alpha", alpha, "beta", beta);
    }

    /** The grid of alpha, ascending. */
    double[] alphas() {
        return grid(ALPHAS, maxAlpha);
    }

    /** The grid of beta, ascending in equal steps. */
    double[] betas() {
        return grid(BETAS, maxBeta);
    }

    private static double[] grid(int count, double end) {
        return IntStream.range(0, count)
                .mapToDouble(i -> FIRST + i * (end - FIRST) / count)
                .toArray();
    }

    /**
     * Those of the grid with most hits, of equal ones the first: beta in the outer loop, alpha in
     * the inner one.
     *
     * @param hits val images that are right with each (beta, alpha)
     */
    CacheWeights searched(int[][] hits) {
        int best = -1;
        CacheWeights chosen = this;
        for (int b = 0; b < BETAS; b++) {
            for (int a = 0; a < ALPHAS; a++) {
                if (hits[b][a] > best) {
                    best = hits[b][a];
                    chosen = new CacheWeights(alphas()[a], betas()[b], search, maxAlpha, maxBeta);
                }
            }
        }
        return chosen;
    }
}
