package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.TipAdapter.CacheWeights;
import org.coop4j.method.TipAdapter.KeyCache;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The search against each cell of the grid computed by itself. */
class CacheSearchTest {

    private static FeatureMatrix random(Random random, int rows, int width, double size) {
        float[] values = new float[rows * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (size * random.nextGaussian());
        }
        return FeatureMatrix.of(rows, width, values);
    }

    @ParameterizedTest
    @CsvSource({"2, 2, 3, 7", "5, 40, 3, 7", "9, 60, 50, 50", "3, 12, 0.05, 7", "4, 9, 3, 0.01"})
    void everyCellEqualsItsDirectCount(int classes, int keys, double maxAlpha, double maxBeta) {
        Random random = new Random(classes);
        CacheWeights weights = new CacheWeights(1, 1, true, maxAlpha, maxBeta);
        int[] labels = // as many keys as it happens; the last class has none
                IntStream.range(0, keys).map(i -> random.nextInt(classes - 1)).toArray();
        int images = 30;
        FeatureMatrix text = random(random, images, classes, 1);
        FeatureMatrix cosines = random(random, images, keys, 0.3);
        int[] truth = random.ints(images, 0, classes).toArray();
        KeyCache.Search search = new KeyCache.Search(weights, labels, classes);
        search.add(text, cosines, truth);

        double[] betas = weights.betas();
        double[] alphas = weights.alphas();
        int[][] expected = new int[betas.length][alphas.length];
        for (int b = 0; b < expected.length; b++) {
            for (int a = 0; a < expected[b].length; a++) {
                for (int i = 0; i < images; i++) {
                    double[] logits = new double[classes];
                    for (int key = 0; key < keys; key++) {
                        logits[labels[key]] += Math.exp(-betas[b] * (1 - cosines.get(i, key)));
                    }
                    int best = 0;
                    for (int c = 0; c < classes; c++) {
                        logits[c] = text.get(i, c) + alphas[a] * logits[c];
                        best = logits[c] > logits[best] ? c : best;
                    }
                    expected[b][a] += best == truth[i] ? 1 : 0;
                }
            }
        }
        assertThat(search.hits).isDeepEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 0"})
    void theFirstOfEqualLogitsWins(int truth, int hits) {
        CacheWeights weights = new CacheWeights(1, 1, true, 3, 7);
        KeyCache.Search search = new KeyCache.Search(weights, new int[] {0, 1}, 2);
        FeatureMatrix text = FeatureMatrix.of(2, 2, new float[] {5, 5, 1, 1});
        FeatureMatrix cosines = FeatureMatrix.of(2, 2, new float[] {0.5f, 0.5f, 0.9f, 0.9f});
        search.add(text, cosines, new int[] {truth, truth});
        for (int[] row : search.hits) {
            assertThat(row).containsOnly(hits);
        }
    }
}
