package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.List;
import org.assertj.core.data.Offset;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;

class AdamWTest {

    private static final AdamW.Config CONFIG = new AdamW.Config(0.9, 0.98, 1e-6, 0.2);
    private static final float[] GRADIENTS = {0.5f, -0.25f, 1f};

    /** The formulas of torch.optim.AdamW by hand in double, from 1 at rate 0.1. */
    private static final double[] DECAYED = {0.8800001999996, 0.8356894924232819, 0.753524412298729};

    private static final double[] PLAIN = {0.9000001999996, 0.873289496423274, 0.8078382061471867};

    @Test
    void stepsEqualPyTorchsFormulasAndOnlyMatricesDecay() {
        int length = 20_000; // more than two blocks
        TrainedArray matrix = array("matrix", true, length);
        TrainedArray bias = array("bias", false, 1);
        try (Workers workers = new Workers(2)) {
            AdamW adam = new AdamW(CONFIG, List.of(matrix, bias), workers);
            for (int t = 0; t < GRADIENTS.length; t++) {
                for (int i = 0; i < length; i++) {
                    matrix.gradient().put(i, GRADIENTS[t]);
                }
                bias.gradient().put(0, GRADIENTS[t]);
                adam.step(0.1);
                for (int i = 0; i < length; i += 997) {
                    assertThat((double) matrix.values().get(i))
                            .as("step %d, element %d", t, i)
                            .isCloseTo(DECAYED[t], Offset.offset(1e-6));
                }
                assertThat((double) bias.values().get(0)).isCloseTo(PLAIN[t], Offset.offset(1e-6));
            }
            assertThat(adam.steps()).isEqualTo(3);
        }
    }

    private static TrainedArray array(String name, boolean matrix, int length) {
        FloatBuffer values = FloatBuffer.allocate(length);
        while (values.hasRemaining()) {
            values.put(1f);
        }
        return new TrainedArray(name, matrix, values.clear(), FloatBuffer.allocate(length));
    }

    @Test
    void impossibleConstantsAreRefused() {
        assertThatThrownBy(() -> new AdamW.Config(1, 0.98, 1e-6, 0)).hasMessageContaining("betas 1.0 and 0.98");
        assertThatThrownBy(() -> new AdamW.Config(0.9, 0.98, 0, 0)).hasMessageContaining("epsilon 0.0 must be above 0");
    }
}
