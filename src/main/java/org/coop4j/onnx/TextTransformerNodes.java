package org.coop4j.onnx;

import java.io.IOException;
import java.util.List;
import org.coop4j.weights.model.ClipConfig;

/** CLIP's {@code encode_text}. */
record TextTransformerNodes(Layers layers, ClipConfig.Text text) {

    /** Stands for −∞ where a token must not attend, as far below any score as float32 needs. */
    private static final float NEVER = -1e9f;

    /**
     * Token ids [batch, context] → text features [batch, embed], read at the largest id of a row,
     * the end token.
     */
    String forward(String ids) throws IOException {
        OnnxGraph graph = layers.graph();
        String x = graph.node("Gather", List.of(layers.weight("token_embedding.weight"), ids));
        x = graph.add(x, layers.weight("positional_embedding")); // [batch, context, width]
        x =
                new TransformerNodes(layers, "transformer", text.width(), text.heads())
                        .forward(x, text.layers(), causalMask());
        x = layers.norm("ln_final", x);
        String end = graph.node("ArgMax", List.of(ids), OnnxGraph.integer("axis", 1)); // [batch, 1]
        x = graph.node("GatherND", List.of(x, end), OnnxGraph.integer("batch_dims", 1));
        return layers.project("text_projection", x);
    }

    private String causalMask() {
        int n = text.contextLength();
        float[] mask = new float[n * n];
        for (int query = 0; query < n; query++) {
            for (int key = query + 1; key < n; key++) {
                mask[query * n + key] = NEVER;
            }
        }
        return layers.graph().constant("causal_mask", new long[] {n, n}, mask);
    }
}
