package org.coop4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    @Test
    void stepsEqualPyTorchToTheLastBit() {
        Sgd sgd = new Sgd(Sgd.Config.reference(), START.length);
        float[] parameters = START.clone();
        assertThat(sgd.velocity()).isEmpty();
        for (int step = 0; step < GRADIENTS.length; step++) {
            sgd.step(parameters, GRADIENTS[step], 0.002);
            assertThat(parameters).containsExactly(PARAMETERS[step]);
            assertThat(sgd.velocity()).containsExactly(VELOCITIES[step]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aRestoredOptimizerGoesOnWithTheSameBits(int steps) {
        Sgd before = new Sgd(Sgd.Config.reference(), START.length);
        float[] parameters = START.clone();
        for (int step = 0; step < steps; step++) {
            before.step(parameters, GRADIENTS[step], 0.002);
        }
        Sgd after = new Sgd(Sgd.Config.reference(), START.length);
        after.step(START.clone(), GRADIENTS[2], 1);
        after.restore(before.velocity());
        for (int step = steps; step < GRADIENTS.length; step++) {
            after.step(parameters, GRADIENTS[step], 0.002);
        }
        assertThat(parameters).containsExactly(PARAMETERS[2]);
    }

    @Test
    void withoutMomentumAndDecayAStepIsRateTimesGradient() {
        Sgd sgd = new Sgd(new Sgd.Config(0, 0), 2);
        float[] parameters = {1, 2};
        sgd.step(parameters, new float[] {4, -8}, 0.25);
        sgd.step(parameters, new float[] {1, 1}, 0.5);
        assertThat(parameters).containsExactly(-0.5f, 3.5f);
    }

    @Test
    void arraysOfAnotherSizeAreRefused() {
        Sgd sgd = new Sgd(Sgd.Config.reference(), 2);
        assertThatThrownBy(() -> sgd.step(new float[3], new float[2], 1))
                .hasMessageContaining("3 parameters");
        assertThatThrownBy(() -> sgd.step(new float[2], new float[1], 1))
                .hasMessageContaining("gradient of 1 numbers");
        assertThatThrownBy(() -> sgd.restore(new float[3]))
                .hasMessageContaining("velocity of 3 numbers for 2");
    }

    @Test
    void impossibleConstantsAreRefused() {
        assertThatThrownBy(() -> new Sgd.Config(1, 0)).hasMessageContaining("momentum 1.0");
        assertThatThrownBy(() -> new Sgd.Config(Double.NaN, 0)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> new Sgd.Config(0.9, -1)).hasMessageContaining("decay -1.0");
    }
}
