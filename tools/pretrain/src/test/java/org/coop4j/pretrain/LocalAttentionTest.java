package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.junit.jupiter.api.Test;

class LocalAttentionTest {

    private static final int WIDTH = 64;
    private static final int SIDE = 6;
    private static final ClipConfig ARCHITECTURE = new ClipConfig(
            16,
            new ClipConfig.Vit(4 * SIDE, 4, WIDTH, 2, 2, 64),
            PictureTables.vit().text());
    private static final InitialModel MODEL = InitialModel.random(ARCHITECTURE, MlpActivation.QUICK_GELU, 1);
    private static final String BLOCK = "visual.transformer.resblocks.1.attn.";

    /** The mean of the diagonal of a · b, and the root mean square of the rest; both [width, width] starting at an offset. */
    private static double[] product(float[] a, int fromA, boolean transposed, float[] b, int fromB) {
        double diagonal = 0;
        double squares = 0;
        for (int i = 0; i < WIDTH; i++) {
            for (int j = 0; j < WIDTH; j++) {
                double sum = 0;
                for (int k = 0; k < WIDTH; k++) {
                    float left = transposed ? a[fromA + k * WIDTH + i] : a[fromA + i * WIDTH + k];
                    sum += left * b[fromB + k * WIDTH + j];
                }
                if (i == j) {
                    diagonal += sum / WIDTH;
                } else {
                    squares += sum * sum;
                }
            }
        }
        return new double[] {diagonal, Math.sqrt(squares / (WIDTH * (WIDTH - 1)))};
    }

    @Test
    void queriesFitTheirOwnKeysAndValuesAreTakenAway() {
        float[] in = MODEL.floats(BLOCK + "in_proj_weight");
        float[] out = MODEL.floats(BLOCK + "out_proj.weight");
        double[] scores = product(in, 0, true, in, WIDTH * WIDTH);
        assertThat(scores[0]).isBetween(0.35, 0.45);
        assertThat(scores[1]).isLessThan(0.1);
        double[] added = product(out, 0, false, in, 2 * WIDTH * WIDTH);
        assertThat(added[0]).isBetween(-0.45, -0.35);
        assertThat(added[1]).isLessThan(0.05);
    }

    @Test
    void positionsResembleThoseOfTheirNeighbours() {
        float[] positions = MODEL.floats("visual.positional_embedding");
        int place = 2 * SIDE + 2;
        double self = resemblance(positions, place, place);
        assertThat(resemblance(positions, place, place + 1))
                .isLessThan(self)
                .isGreaterThan(resemblance(positions, place, place + 3));
        assertThat(resemblance(positions, place, place + SIDE))
                .isLessThan(self)
                .isGreaterThan(resemblance(positions, place, place + 3 * SIDE));
    }

    private static double resemblance(float[] positions, int a, int b) {
        double sum = 0;
        for (int i = 0; i < WIDTH; i++) {
            sum += positions[(1 + a) * WIDTH + i] * positions[(1 + b) * WIDTH + i];
        }
        return sum;
    }

    @Test
    void theTextTowerBeginsAsInClip() {
        float[] own = MODEL.floats("transformer.resblocks.0.attn.out_proj.weight");
        double squares = 0;
        for (float value : own) {
            squares += value * value;
        }
        double width = ARCHITECTURE.text().width();
        double expected =
                Math.pow(width, -0.5) / Math.sqrt(2.0 * ARCHITECTURE.text().layers());
        assertThat(Math.sqrt(squares / own.length)).isBetween(0.9 * expected, 1.1 * expected);
    }
}
