package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Optimizer.Algorithm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adam and AdamW against their formulas in double precision. */
class AdamTest {

    private static final double RATE = 0.01;
    private static final double EPSILON = 1e-3;
    private static final double DECAY = 0.1;
    private static final int STEPS = 7;

    private static float gradient(int i, int step) {
        return (float) Math.sin(3.0 * i + step);
    }

    private static double[] formula(float[] start, boolean decoupled) {
        double[] theta = new double[start.length];
        double[] m = new double[start.length];
        double[] v = new double[start.length];
        for (int i = 0; i < theta.length; i++) {
            theta[i] = start[i];
            for (int t = 1; t <= STEPS; t++) {
                double g = gradient(i, t) + (decoupled ? 0 : DECAY * theta[i]);
                theta[i] *= decoupled ? 1 - RATE * DECAY : 1;
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                double unbiased = Math.sqrt(v[i]) / Math.sqrt(1 - Math.pow(0.999, t));
                theta[i] -= RATE / (1 - Math.pow(0.9, t)) * m[i] / (unbiased + EPSILON);
            }
        }
        return theta;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stepsFollowTheFormulas(boolean decoupled) {
        float[] start = {0.5f, -1.25f, 0.01f, 2};
        Algorithm algorithm = decoupled ? Algorithm.ADAMW : Algorithm.ADAM;
        Optimizer adam =
                new Optimizer(Training.adam(algorithm, 1, 1, RATE, DECAY, EPSILON, Training.Schedule.CONSTANT));
        LearnedTensor tensor = LearnedTensor.of("w", start.clone(), 4);
        for (int t = 1; t <= STEPS; t++) {
            for (int i = 0; i < start.length; i++) {
                tensor.gradient()[i] = gradient(i, t);
            }
            adam.step(List.of(tensor), RATE, t);
        }
        double[] expected = formula(start, decoupled);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) tensor.values()[i]).isCloseTo(expected[i], within(1e-6));
        }
    }
}
