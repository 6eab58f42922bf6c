package org.coop4j.pretrain;

import java.util.Arrays;
import org.coop4j.model.ClipConfig;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Initial weights with which a vision transformer attends to neighbouring patches. From random weights alone it learns
 * that late, if it sees few pictures.
 *
 * <p>After Trockman and Kolter (Mimetic Initialization of Self-Attention Layers, ICML 2023, section 4): W_q · W_kᵀ
 * resembles a multiple of the identity, and W_v · W_proj its negative; the positions are sines and cosines. The paper
 * factors such products by their singular values. Here queries and keys share most of their random weights, and values
 * and projections are ± the identity and some noise.
 */
final class LocalAttention {

    /** Correlation of a key's weights with those of its query. */
    private static final float LIKENESS = 0.8f;

    /** Factor of the identity in the values' weights, and its negative in the projection's. */
    private static final float IDENTITY = (float) Math.sqrt(0.4);

    /** Factor of the noise in both. */
    private static final float NOISE = IDENTITY / 2;

    private static final float POSITIONS = 0.5f;

    /** The longest wave of a position has 2π times as many patches. */
    private static final double LONGEST = 100;

    private LocalAttention() {}

    /**
     * Returns the weights to begin with.
     *
     * @param random the same tensor as CLIP initialises it; changed in place where it belongs to attention
     */
    static float[] of(ClipConfig architecture, TensorSpec tensor, float[] random) {
        if (architecture.vision() instanceof ClipConfig.Vit vit && vit.family() == ClipConfig.Family.CLIP) {
            String name = tensor.name();
            if (name.equals("visual.positional_embedding") && vit.width() % 4 == 0) {
                setPositions(random, vit);
            } else if (name.startsWith("visual.transformer.") && name.endsWith("attn.in_proj_weight")) {
                setQueriesKeysAndValues(random, vit.width());
            } else if (name.startsWith("visual.transformer.") && name.endsWith("attn.out_proj.weight")) {
                addIdentity(
                        random, 0, vit.width(), NOISE * (float) Math.sqrt(3), -IDENTITY); // of the variance 1 / 3 width
            }
        }
        return random;
    }

    /**
     * @param weights of queries, keys and values, [3 · width, width]
     */
    private static void setQueriesKeysAndValues(float[] weights, int width) {
        int square = width * width;
        float own = (float) Math.sqrt(1 - LIKENESS * LIKENESS);
        for (int i = 0; i < square; i++) {
            weights[square + i] = LIKENESS * weights[i] + own * weights[square + i];
        }
        addIdentity(weights, 2 * square, width, NOISE, IDENTITY);
    }

    /** Turns a square matrix W, starting at an offset, into factor · W + identity · I. */
    private static void addIdentity(float[] weights, int offset, int width, float factor, float identity) {
        for (int i = 0; i < width * width; i++) {
            weights[offset + i] *= factor;
        }
        for (int i = 0; i < width; i++) {
            weights[offset + i * (width + 1)] += identity;
        }
    }

    /**
     * @param positions [1 + patches, width]: zeros for the class token, then for each patch the sines and cosines of its
     *     column, and those of its row
     */
    private static void setPositions(float[] positions, ClipConfig.Vit vit) {
        int side = vit.imageSize() / vit.patchSize();
        int width = vit.width();
        int waves = width / 4;
        Arrays.fill(positions, 0, width, 0f);
        for (int patch = 0; patch < side * side; patch++) {
            int from = (1 + patch) * width;
            int column = patch % side;
            int row = patch / side;
            for (int wave = 0; wave < waves; wave++) {
                double frequency = StrictMath.pow(LONGEST, -wave / Math.max(1.0, waves - 1.0));
                double across = column * frequency;
                double down = row * frequency;
                positions[from + wave] = POSITIONS * (float) StrictMath.sin(across);
                positions[from + waves + wave] = POSITIONS * (float) StrictMath.cos(across);
                positions[from + 2 * waves + wave] = POSITIONS * (float) StrictMath.sin(down);
                positions[from + 3 * waves + wave] = POSITIONS * (float) StrictMath.cos(down);
            }
        }
    }
}
