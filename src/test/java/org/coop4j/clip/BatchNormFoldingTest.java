package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.assertj.core.data.Offset;
import org.coop4j.clip.Parameters.BatchNormFolding;
import org.junit.jupiter.api.Test;

class BatchNormFoldingTest {

    private static final int OUT = 3;
    private static final int IN = 2;
    private static final int TAPS = 9;

    private final Random random = new Random(5);

    private float[] numbers(int n) {
        float[] result = new float[n];
        for (int i = 0; i < n; i++) {
            result[i] = random.nextFloat() + 0.1f;
        }
        return result;
    }

    @Test
    void foldedConvolutionEqualsConvolutionThenNorm() {
        float[] kernel = numbers(OUT * IN * TAPS);
        float[] gain = numbers(OUT);
        float[] bias = numbers(OUT);
        float[] mean = numbers(OUT);
        float[] variance = numbers(OUT);
        float[] x = numbers(IN * TAPS); // one neighbourhood [in, taps]
        BatchNormFolding folding = BatchNormFolding.of(gain, bias, mean, variance);
        float[] folded = folding.scaled(kernel, TAPS); // [taps, in, out]
        for (int o = 0; o < OUT; o++) {
            double plain = 0;
            double together = folding.bias()[o];
            for (int i = 0; i < IN; i++) {
                for (int t = 0; t < TAPS; t++) {
                    plain += (double) kernel[(o * IN + i) * TAPS + t] * x[i * TAPS + t];
                    together += (double) folded[(t * IN + i) * OUT + o] * x[i * TAPS + t];
                }
            }
            double expected = (plain - mean[o]) / Math.sqrt(variance[o] + 1e-5) * gain[o] + bias[o];
            assertThat(together).isCloseTo(expected, Offset.offset(1e-5));
        }
    }

    @Test
    void reversingTwiceGivesTheOriginalOrder() {
        float[] kernel = numbers(OUT * IN * TAPS);
        float[] there = BatchNormFolding.reversed(kernel, OUT, TAPS);
        assertThat(there).isNotEqualTo(kernel);
        assertThat(BatchNormFolding.reversed(there, TAPS, OUT)).isEqualTo(kernel);
    }
}
