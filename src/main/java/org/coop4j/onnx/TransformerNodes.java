package org.coop4j.onnx;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.weights.model.ClipConfig;

/** CLIP's {@code VisionTransformer} and {@code encode_text}, and their stack of residual attention blocks. */
record TransformerNodes(Layers layers) {

    /** Stands for −∞ where a token must not attend: far enough below any score for float32. */
    private static final float NEVER = -1e9f;

    /** Adds the image tower: normalised pixels [batch, 3, side, side] → features of a kind [batch, width]. */
    String image(String pixels, ClipConfig.Vit vit, FeatureKind kind) throws IOException {
        OnnxGraph graph = layers.graph();
        int width = vit.width();
        String x = layers.convolution("visual.conv1", pixels, vit.patchSize(), vit.patchSize(), 0);
        x = graph.transpose(graph.reshape(x, 0, width, -1), 0, 2, 1); // [batch, grid², width]
        String batch = graph.node("Shape", List.of(x), "start", 0, "end", 1);
        String classToken = graph.node(
                "Expand",
                List.of(
                        layers.weight("visual.class_embedding", 1, 1, width),
                        graph.concatenate(0, batch, graph.integers(1, width))));
        x = graph.concatenate(1, classToken, x); // [batch, tokens, width]
        x = graph.add(x, layers.weight("visual.positional_embedding"));
        x = layers.norm("visual.ln_pre", x);
        for (int i = 0; i < vit.layers(); i++) {
            x = block("visual.transformer.resblocks." + i, x, width, vit.heads(), "");
        }
        x = graph.reshape(graph.slice(x, 1, 0, 1), 0, width); // [batch, width]
        x = layers.norm("visual.ln_post", x);
        return kind == FeatureKind.EMBEDDED ? layers.project("visual.proj", x) : x;
    }

    /**
     * Adds the text tower: token ids [batch, context] → text features [batch, embed], read at the end token, the
     * largest id.
     */
    String text(String ids, ClipConfig.Text text) throws IOException {
        OnnxGraph graph = layers.graph();
        String x = graph.node("Gather", List.of(layers.weight("token_embedding.weight"), ids));
        x = graph.add(x, layers.weight("positional_embedding")); // [batch, context, width]
        String mask = causalMask(text.contextLength());
        for (int i = 0; i < text.layers(); i++) {
            x = block("transformer.resblocks." + i, x, text.width(), text.heads(), mask);
        }
        x = layers.norm("ln_final", x);
        String end = graph.node("ArgMax", List.of(ids), "axis", 1); // [batch, 1]
        x = graph.node("GatherND", List.of(x, end), "batch_dims", 1);
        return layers.project("text_projection", x);
    }

    private String causalMask(int n) {
        float[] mask = new float[n * n];
        for (int query = 0; query < n; query++) {
            for (int key = query + 1; key < n; key++) {
                mask[query * n + key] = NEVER;
            }
        }
        return layers.graph().constant("causal_mask", new long[] {n, n}, mask);
    }

    /**
     * Adds a residual attention block on [batch, tokens, width].
     *
     * @param block its name in the checkpoint
     * @param mask added to the scores of the attention, or empty
     */
    private String block(String block, String x, int width, int heads, String mask) throws IOException {
        String y = layers.graph().add(x, attend(block, layers.norm(block + ".ln_1", x), width, heads, mask));
        String hidden = layers.linear(block + ".mlp.c_fc", layers.norm(block + ".ln_2", y));
        return layers.graph().add(y, layers.linear(block + ".mlp.c_proj", layers.activation(hidden)));
    }

    private String attend(String block, String x, int width, int heads, String mask) throws IOException {
        String in = block + ".attn.in_proj_";
        String qkv = layers.linear(in + "weight", in + "bias", x); // [batch, tokens, 3 width]
        OnnxGraph graph = layers.graph();
        String query = graph.slice(qkv, 2, 0, width);
        String key = graph.slice(qkv, 2, width, 2L * width);
        String value = graph.slice(qkv, 2, 2L * width, 3L * width);
        return layers.linear(block + ".attn.out_proj", layers.attention(query, key, value, width, heads, mask));
    }
}
