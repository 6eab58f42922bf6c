package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SgdTest {

    private static final float[] START = {0.0213f, -0.0378f, 0.0049f, 1.5f};

    private static final float[][] GRADIENTS = {
        {0.31f, -0.017f, 2.5f, -0.4f}, {-0.12f, 0.44f, -1.75f, 0.9f}, {0.05f, 0.05f, 0.05f, -3.0f}
    };

    /**
     * PyTorch 2.6 on the CPU: {@code SGD([p], lr=0.002, momentum=0.9, weight_decay=5e-4)}, {@code
     * [float(x).hex() for x in p]} after each of three steps.
     */
    private static final float[][] PARAMETERS = {
        {0x1.52d21ep-6f, -0x1.3560f6p-5f, -0x1.a3737ep-14f, 0x1.8034540p+0f},
        {0x1.4d9c2ap-6f, -0x1.3c5622p-5f, -0x1.205c60p-10f, 0x1.7fed5cp+0f},
        {0x1.474816p-6f, -0x1.436ad2p-5f, -0x1.1340b6p-9f, 0x1.81369cp+0f}
    };

    /** Its {@code momentum_buffer}. */
    private static final float[][] VELOCITIES = {
        {0x1.3d736ep-2f, -0x1.16d672p-6f, 0x1.400014p+1f, -0x1.98d4fep-2f},
        {0x1.45ac3cp-3f, 0x1.b2db24p-2f, 0x1.000048p-1f, 0x1.1535b6p-1f},
        {0x1.8b86c0p-3f, 0x1.ba8cf6p-2f, 0x1.00002ep-1f, -0x1.418826p+1f}
    };

    private final LearnedTensor tensor = LearnedTensor.of("ctx", START.clone(), START.length);

    private static Optimizer reference() {
        return new Optimizer(Training.coop(1, 1));
    }

    private void step(Optimizer sgd, int step, double rate) {
        System.arraycopy(GRADIENTS[step], 0, tensor.gradient(), 0, START.length);
        sgd.step(List.of(tensor), rate, step + 1L);
    }

    @Test
    void stepsEqualPyTorchToTheLastBit() {
        Optimizer sgd = reference();
        assertThat(sgd.state()).isEmpty();
        for (int step = 0; step < GRADIENTS.length; step++) {
            step(sgd, step, 0.002);
            assertThat(tensor.values()).containsExactly(PARAMETERS[step]);
            assertThat(sgd.state().get("ctx.momentum")).containsExactly(VELOCITIES[step]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aRestoredOptimizerContinuesWithTheSameBits(int steps) {
        Optimizer before = reference();
        for (int step = 0; step < steps; step++) {
            step(before, step, 0.002);
        }
        Optimizer after = reference();
        LearnedTensor other = LearnedTensor.of("ctx", START.clone(), START.length);
        after.step(List.of(other), 1, 1);
        after.restore(before.state());
        for (int step = steps; step < GRADIENTS.length; step++) {
            step(after, step, 0.002);
        }
        assertThat(tensor.values()).containsExactly(PARAMETERS[2]);
    }

    @Test
    void withoutMomentumAndDecayAStepIsRateTimesGradient() {
        Optimizer sgd = new Optimizer(Settings.with(Training.coop(1, 1), Map.of("momentum", 0, "weight_decay", 0)));
        LearnedTensor two = LearnedTensor.of("x", new float[] {1, 2}, 2);
        System.arraycopy(new float[] {4, -8}, 0, two.gradient(), 0, 2);
        sgd.step(List.of(two), 0.25, 1);
        System.arraycopy(new float[] {1, 1}, 0, two.gradient(), 0, 2);
        sgd.step(List.of(two), 0.5, 2);
        assertThat(two.values()).containsExactly(-0.5f, 3.5f);
    }

    @Test
    void aStateOfAnotherTensorIsRefused() {
        Optimizer sgd = reference();
        sgd.restore(Map.of("ctx.momentum", new float[3]));
        assertThatThrownBy(() -> sgd.step(List.of(tensor), 0.1, 1))
                .hasMessageContainingAll("ctx.momentum", "expected 4", "got 3");
        sgd.restore(Map.of("x.momentum", new float[4]));
        assertThatThrownBy(() -> sgd.step(List.of(tensor), 0.1, 1)).hasMessageContaining("got none");
    }

    @Test
    void impossibleConstantsAreRefused() {
        for (Map<String, Object> bad : List.<Map<String, Object>>of(
                Map.of("momentum", 1.0),
                Map.of("momentum", Double.NaN),
                Map.of("weight_decay", -1.0),
                Map.of("rate", 0.0),
                Map.of("rate", Double.NaN),
                Map.of("epochs", -1),
                Map.of("batch", 0),
                Map.of("epsilon", 0.0))) {
            assertThatThrownBy(() -> Settings.with(Training.coop(1, 1), bad))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
