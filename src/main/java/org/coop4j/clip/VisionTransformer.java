package org.coop4j.clip;

import org.coop4j.graph.Graph;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;

/** CLIP's vision transformer ({@code VisionTransformer}). */
final class VisionTransformer {

    private final Parameters weights;
    private final Transformer transformer;
    private final int patch;
    private final int heads;

    VisionTransformer(
            Parameters weights,
            int patch,
            int width,
            int layers,
            int heads,
            MlpActivation activation) {
        this.weights = weights;
        this.patch = patch;
        this.heads = heads;
        this.transformer =
                new Transformer(weights, "visual.transformer", width, layers, activation);
    }

    /**
     * The images' last rows, before the visual projection.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @param tokens grid² + 1
     * @param rows of the result: the images' are repeated until there are as many
     * @return [rows, width]
     */
    SDVariable forward(SDVariable images, int batch, int tokens, int rows) {
        Graph graph = weights.graph();
        SDVariable x = graph.patches(images, patch); // [batch grid², 3 patch²]
        x = graph.linear(x, weights.matrix("visual.conv1.weight")); // [batch grid², width]
        x =
                graph.classTokens(
                        x,
                        weights.get("visual.class_embedding"),
                        weights.get("visual.positional_embedding")); // [batch tokens, width]
        x = norm("visual.ln_pre", x);
        AttentionLayout layout = AttentionLayout.unmasked(heads, batch, tokens);
        Sequences sequences = Sequences.packed(graph, layout, Queries.FIRST);
        if (rows > batch) {
            sequences = Sequences.repeated(graph, sequences, batch, rows);
        }
        x = transformer.forward(x, sequences); // [rows, width]
        return norm("visual.ln_post", x);
    }

    private SDVariable norm(String layer, SDVariable x) {
        return weights.graph()
                .layerNorm(x, weights.get(layer + ".weight"), weights.get(layer + ".bias"));
    }
}
