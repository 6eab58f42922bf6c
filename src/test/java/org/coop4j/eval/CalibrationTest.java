package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CalibrationTest {
    @Test
    void errorIsTheWeightedGapOfAccuracyAndConfidence() {
        // Confidences 0.75, 0.75, 0.75 (two of three right) and 0.5 (wrong).
        float odds = (float) Math.log(3);
        float[][] logits = {{odds, 0}, {odds, 0}, {0, odds}, {0, 0}};
        Calibration calibration = Calibration.ofLogits(new int[] {0, 0, 0, 1}, logits, Calibration.USUAL_BINS);

        assertThat(calibration.bins()).hasSize(15);
        assertThat(calibration.bins().get(11).count()).isEqualTo(3);
        assertThat(calibration.bins().get(7).count()).isEqualTo(1);
        assertThat(calibration.expectedError()).isEqualTo(0.75 * (0.75 - 2.0 / 3) + 0.25 * 0.5, within(1e-7));
    }

    @Test
    void binsIncludeTheirUpperEnd() {
        Calibration halves = Calibration.ofLogits(new int[] {0}, new float[][] {{0, 0}}, 2);

        assertThat(halves.bins().get(0).count()).isEqualTo(1);
        assertThat(Calibration.ofLogits(new int[] {0}, new float[][] {{1000, 0}}, 15)
                        .bins()
                        .get(14)
                        .count())
                .isEqualTo(1);
    }

    @Test
    void softmaxSumsToOneAtAnySize() {
        for (float size : new float[] {0, 1, 100, 1e30f}) {
            double[] probabilities = Predictions.softmax(new float[] {size, -size, 0, size});
            double sum = 0;
            for (double p : probabilities) {
                sum += p;
            }
            assertThat(sum).isEqualTo(1, within(1e-12));
        }
    }

    @Test
    void badArgumentsAreRefused() {
        assertThatThrownBy(() -> Calibration.ofLogits(new int[1], new float[2][2], 15))
                .hasMessageContaining("1 and 2");
        assertThatThrownBy(() -> Calibration.ofLogits(new int[1], new float[1][2], 0))
                .hasMessageContaining("got 0");
    }
}
