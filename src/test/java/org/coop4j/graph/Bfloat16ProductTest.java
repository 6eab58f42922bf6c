package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.bytedeco.dnnl.global.dnnl;
import org.coop4j.graph.host.Gemm.Form;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@RequiresBfloat16
class Bfloat16ProductTest {

    /** Of both factors, relative to their product: each is off by half a unit of 8 bits at most. */
    private static final double ROUNDING = 2.01 / 256;

    /** Of float32 sums of some hundred terms, relative to the sum of their magnitudes. */
    private static final double SUMMING = 1e-6;

    /** Threads, rows, inner, columns, transposed, with a bias. */
    record Case(int threads, int rows, int inner, int cols, boolean transposed, boolean bias) {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        int[][] sizes = {{1, 1, 1}, {1, 768, 512}, {3, 17, 5}, {64, 64, 192}, {101, 130, 33}};
        for (int[] size : sizes) {
            for (int threads = 1; threads <= 3; threads += 2) {
                cases.add(new Case(threads, size[0], size[1], size[2], false, false));
                cases.add(new Case(threads, size[0], size[1], size[2], true, false));
                cases.add(new Case(threads, size[0], size[1], size[2], false, true));
                cases.add(new Case(threads, size[0], size[1], size[2], true, true));
            }
        }
        return cases;
    }

    private static HostMatrix random(Random random, int rows, int cols) {
        HostMatrix matrix = HostMatrix.zeros(rows, cols);
        for (int i = 0; i < rows * cols; i++) {
            matrix.buffer().put(i, (float) random.nextGaussian());
        }
        return matrix;
    }

    /** To the nearest number of 8 bits, ties to even. */
    private static float rounded(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void factorsAreRoundedAndSumsAreNot(Case c) {
        Random random = new Random(3);
        try (HostMatrix x = random(random, c.rows, c.inner);
                HostMatrix w = c.transposed ? random(random, c.cols, c.inner) : random(random, c.inner, c.cols);
                HostMatrix bias = c.bias ? random(random, 1, c.cols) : null;
                HostMatrix y = random(random, c.rows, c.cols);
                Workers workers = new Workers(c.threads)) {
            try (HostKernel product =
                    Bfloat16Product.kernel(c.transposed ? Form.NT : Form.NN, x, w, bias, null, null, y, workers)) {
                product.run();
                check(c, x, w, bias, y);
                x.buffer().put(0, 5 * x.buffer().get(0));
                product.run();
                check(c, x, w, bias, y);
                float[] first = all(y);
                product.run();
                assertThat(all(y)).containsExactly(first);
            }
        }
    }

    private static float[] all(HostMatrix matrix) {
        float[] values = new float[matrix.rows() * matrix.cols()];
        matrix.buffer().get(0, values);
        return values;
    }

    private static void check(Case c, HostMatrix x, HostMatrix w, HostMatrix bias, HostMatrix y) {
        double fromRounded = 0;
        double fromExact = 0;
        for (int row = 0; row < c.rows; row++) {
            for (int col = 0; col < c.cols; col++) {
                double exact = bias == null ? 0 : bias.buffer().get(col);
                double half = exact;
                double size = Math.abs(exact);
                for (int i = 0; i < c.inner; i++) {
                    float a = x.buffer().get(row * c.inner + i);
                    float b = w.buffer().get(c.transposed ? col * c.inner + i : i * c.cols + col);
                    exact += (double) a * b;
                    half += (double) rounded(a) * rounded(b);
                    size += Math.abs((double) a * b);
                }
                double found = y.buffer().get(row * c.cols + col);
                fromRounded = Math.max(fromRounded, Math.abs(found - half) / size);
                fromExact = Math.max(fromExact, Math.abs(found - exact) / size);
            }
        }
        assertThat(fromRounded).isLessThanOrEqualTo(SUMMING);
        assertThat(fromExact).isBetween(Double.MIN_VALUE, ROUNDING);
    }

    @Test
    void functionAndResidualFollowTheSums() {
        Random random = new Random(5);
        try (HostMatrix x = random(random, 19, 48);
                HostMatrix w = random(random, 33, 48);
                HostMatrix bias = random(random, 1, 33);
                HostMatrix residual = random(random, 19, 33);
                HostMatrix sums = HostMatrix.zeros(19, 33);
                HostMatrix y = HostMatrix.zeros(19, 33);
                Workers workers = new Workers(2)) {
            OneDnn.Function swish = new OneDnn.Function(dnnl.dnnl_eltwise_swish, 1.702f);
            try (HostKernel plain = Bfloat16Product.kernel(Form.NT, x, w, bias, null, null, sums, workers);
                    HostKernel fused = Bfloat16Product.kernel(Form.NT, x, w, bias, swish, residual, y, workers)) {
                plain.run();
                fused.run();
            }
            for (int i = 0; i < 19 * 33; i++) {
                double sum = sums.buffer().get(i);
                double expected =
                        sum / (1 + Math.exp(-1.702 * sum)) + residual.buffer().get(i);
                assertThat((double) y.buffer().get(i)).isCloseTo(expected, Offset.offset(1e-5));
            }
        }
    }

    @Test
    void productsShareWeightsThatArePackedAlike() {
        Random random = new Random(4);
        try (HostMatrix x = random(random, 9, 64);
                HostMatrix w = random(random, 48, 64);
                HostMatrix y = HostMatrix.zeros(9, 48);
                HostMatrix again = HostMatrix.zeros(9, 48);
                Workers workers = new Workers(2)) {
            HostKernel first = Bfloat16Product.kernel(Form.NT, x, w, null, null, null, y, workers);
            HostKernel second = Bfloat16Product.kernel(Form.NT, x, w, null, null, null, again, workers);
            assertThat(workers.weightForms().copies()).hasSize(1);
            first.run();
            first.close();
            second.run();
            assertThat(all(again)).containsExactly(all(y));
            second.close();
            assertThat(workers.weightForms().copies()).isEmpty();
        }
    }

    @Test
    void matricesThatDoNotFitAreRefused() {
        try (HostMatrix x = HostMatrix.zeros(2, 3);
                HostMatrix w = HostMatrix.zeros(4, 3);
                HostMatrix y = HostMatrix.zeros(2, 4);
                Workers workers = new Workers(1)) {
            assertThatThrownBy(() -> Bfloat16Product.kernel(Form.NN, x, w, null, null, null, y, workers))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("[2, 3]", "[4, 3]", "[2, 4]");
        }
    }
}
