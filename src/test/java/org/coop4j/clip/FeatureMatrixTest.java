package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.RandomValues.gaussian;
import static org.coop4j.base.Thrown.assertThrown;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureMatrixTest {

    private static FeatureMatrix random(int rows, int width, long seed) {
        float[] values = gaussian(seed, rows * width);
        return FeatureMatrix.of(rows, width, values);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 64, 5", "300, 260, 31", "1, 3000, 512", "130, 1030, 17", "0, 3, 4", "3, 0, 4"})
    void productsAreTheInnerProductsToTheLastBit(int rows, int others, int width) {
        FeatureMatrix x = random(rows, width, 1);
        requireInnerProducts(x, random(others, width, 2));
    }

    /** Sums that cancel leave only rounding, which depends on the order. */
    @Test
    void productsThatCancelAreTheInnerProductsToo() {
        int width = 64;
        float[] half = random(300, width / 2, 3).toArray();
        float[] values = new float[300 * width];
        float[] opposite = new float[300 * width];
        for (int i = 0; i < half.length; i++) {
            int at = i / (width / 2) * width + i % (width / 2);
            values[at] = values[at + width / 2] = half[i];
            opposite[at] = half[half.length - 1 - i];
            opposite[at + width / 2] = -opposite[at];
        }
        requireInnerProducts(FeatureMatrix.of(300, width, values), FeatureMatrix.of(300, width, opposite));
    }

    private static void requireInnerProducts(FeatureMatrix x, FeatureMatrix y) {
        int rows = x.rows();
        int others = y.rows();
        FeatureMatrix products = x.products(y);
        assertThat(products.rows()).isEqualTo(rows);
        assertThat(products.width()).isEqualTo(others);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < others; j++) {
                assertThat(products.get(i, j)).isEqualTo(x.dot(i, y, j));
            }
        }
    }

    @Test
    void sumsAndMultiplesAreRoundedOnce() {
        FeatureMatrix x = FeatureMatrix.of(1, 2, new float[] {1f, 1e-7f});
        FeatureMatrix y = FeatureMatrix.of(1, 2, new float[] {3f, 1f});
        assertThat(x.plus(y, 0.1).toArray()).containsExactly((float) (1 + 0.1 * 3f), (float) ((double) 1e-7f + 0.1));
        assertThat(y.times(0.1).toArray()).containsExactly((float) (0.1 * 3f), (float) 0.1);
    }

    @Test
    void aWrongNumberOfValuesIsRefused() {
        assertThrown(() -> FeatureMatrix.of(2, 3, new float[5]), "2 rows of 3", "5 values");
    }
}
