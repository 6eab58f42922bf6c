package org.coop4j.graph.host;

import static org.coop4j.base.Thrown.assertThrown;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** BLAS and LAPACK in double precision against sums written out. */
class DoubleRowsTest {

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
