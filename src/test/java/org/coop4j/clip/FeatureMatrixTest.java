package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureMatrixTest {

    private static FeatureMatrix random(int rows, int width, long seed) {
        Random random = new Random(seed);
        float[] values = new float[rows * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FeatureMatrix.of(rows, width, values);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 64, 5", "2, 65, 17", "5, 200, 31", "0, 3, 4", "3, 0, 4"})
    void productsAreTheInnerProductsToTheLastBit(int rows, int others, int width) {
        FeatureMatrix x = random(rows, width, 1);
        FeatureMatrix y = random(others, width, 2);
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
        assertThat(x.plus(y, 0.1).toArray())
                .containsExactly((float) (1 + 0.1 * 3f), (float) ((double) 1e-7f + 0.1));
        assertThat(y.times(0.1).toArray()).containsExactly((float) (0.1 * 3f), (float) 0.1);
    }

    @Test
    void aMatrixHasAsManyValuesAsItSays() {
        assertThatThrownBy(() -> FeatureMatrix.of(2, 3, new float[5]))
                .hasMessageContaining("5 values for 2 rows of 3");
    }
}
