package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** BLAS and LAPACK in double precision against sums written out. */
class DoubleRowsTest {

    private static final double ROUNDING = 1e-12;

    /** Over the columns, or over the first rows of two matrices of 6. */
    @ParameterizedTest
    @EnumSource(names = {"NN", "TN"})
    void productsOfSomeRowsAreSumsOfProducts(Gemm.Form form) {
        boolean turned = form == Gemm.Form.TN;
        double[] a = random(6 * 5, 1);
        double[] b = random(6 * 4, 2);
        try (DoubleRows left = DoubleRows.of(a, 5);
                DoubleRows right = DoubleRows.of(b, 4);
                DoubleRows result = DoubleRows.allocate(5, 4)) {
            result.product(form, 0, 2, left, right, 3);
            result.product(form, 2, 5, left, right, 3);
            double[] row = new double[4];
            for (int i = 0; i < 5; i++) {
                result.get(i, row, 0);
                for (int j = 0; j < 4; j++) {
                    double sum = 0;
                    for (int k = 0; k < 3; k++) {
                        sum += a[turned ? k * 5 + i : i * 5 + k] * b[k * 4 + j];
                    }
                    assertThat(row[j]).isCloseTo(sum, within(ROUNDING));
                }
            }
        }
    }

    @Test
    void aSolutionTimesTheMatrixIsTheRightSide() {
        int width = 4;
        double[] upper = new double[width * width];
        DoubleRows.addSquares(1, random(7 * width, 5), 7, width, upper);
        double[] matrix = new double[width * width];
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < width; j++) {
                matrix[i * width + j] = upper[Math.min(i, j) * width + Math.max(i, j)];
            }
        }
        double[] right = random(width * 3, 6);
        double[] solution = right.clone();
        DoubleRows.solve(upper, width, solution);
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < 3; j++) {
                double sum = 0;
                for (int k = 0; k < width; k++) {
                    sum += matrix[i * width + k] * solution[k * 3 + j];
                }
                assertThat(sum).isCloseTo(right[i * 3 + j], within(1e-9));
            }
        }
    }

    @Test
    void subtractedSquaresLeaveAMatrixThatIsNotPositiveDefinite() {
        double[] x = random(3 * 2, 7);
        double[] upper = new double[4];
        DoubleRows.addSquares(-1, x, 3, 2, upper);
        assertThrown(
                IllegalArgumentException.class,
                () -> DoubleRows.solve(upper, 2, new double[2]),
                "not positive definite (row 1)");
    }

    private static double[] random(int length, long seed) {
        return new Random(seed).doubles(length, -1, 1).toArray();
    }
}
