package org.coop4j.clip;

import org.coop4j.graph.Graph;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;

/** CLIP's vision transformer ({@code VisionTransformer}). */
record VisionTransformer(Parameters weights, ClipConfig.Vit vit, MlpActivation activation) {

    /**
     * The images' last rows, before the visual projection.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @param rows of the result: the images' are repeated until there are as many
     * @return [rows, width]
     */
    SDVariable forward(SDVariable images, int batch, int rows) {
        Graph graph = weights.graph();
        SDVariable x = graph.patches(images, vit.patchSize()); // [batch grid², 3 patch²]
        x = graph.linear(x, weights.matrix("visual.conv1.weight")); // [batch grid², width]
        x =
                graph.classTokens(
                        x,
                        weights.get("visual.class_embedding"),
                        weights.get("visual.positional_embedding")); // [batch tokens, width]
        x = weights.norm("visual.ln_pre", x);
        AttentionLayout layout = AttentionLayout.unmasked(vit.heads(), batch, vit.tokens());
        Sequences sequences = Sequences.packed(graph, layout, Queries.FIRST);
        if (rows > batch) {
            sequences = Sequences.repeated(graph, sequences, batch, rows);
        }
        Transformer transformer =
                new Transformer(
                        weights, "visual.transformer", vit.width(), vit.layers(), activation);
        x = transformer.forward(x, sequences); // [rows, width]
        return weights.norm("visual.ln_post", x);
    }
}
