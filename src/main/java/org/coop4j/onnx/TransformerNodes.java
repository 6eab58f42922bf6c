package org.coop4j.onnx;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
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
        if (vit.classTokens() == 1) {
            String batch = graph.node("Shape", List.of(x), "start", 0, "end", 1);
            String classToken = graph.node(
                    "Expand",
                    List.of(
                            layers.weight("visual.class_embedding", 1, 1, width),
                            graph.concatenate(0, batch, graph.integers(1, width))));
            x = graph.concatenate(1, classToken, x); // [batch, tokens, width]
        }
        x = graph.add(x, layers.weight("visual.positional_embedding"));
        x = layers.norm("visual.ln_pre", x);
        UnaryOperator<String> qkvs = vit.peCore() == null ? qkv -> qkv : rotation(vit);
        for (int i = 0; i < vit.layers(); i++) {
            x = block("visual.transformer.resblocks." + i, x, width, vit.heads(), qkvs, "");
        }
        if (vit.peCore() == null) {
            x = graph.reshape(graph.slice(x, 1, 0, 1), 0, width); // [batch, width]
        }
        x = layers.norm("visual.ln_post", x);
        if (vit.peCore() != null) {
            x = pooled(x, width, vit.peCore().poolHeads()); // [batch, width]
        }
        return kind == FeatureKind.EMBEDDED ? layers.project("visual.proj", x) : x;
    }

    /** Returns what rotates queries and keys by the Perception Encoder's positions. */
    private UnaryOperator<String> rotation(ClipConfig.Vit vit) {
        OnnxGraph graph = layers.graph();
        int width = vit.width();
        double[][] angles = vit.rotaryAngles(vit.tokens());
        long[] shape = {angles.length, 1, angles[0].length, 1}; // [tokens, 1, pairs, 1]
        String cos = graph.constant("rotary_cos", shape, values(angles, Math::cos));
        String sin = graph.constant("rotary_sin", shape, values(angles, Math::sin));
        return qkv -> {
            String x = graph.slice(qkv, 2, 0, 2L * width);
            x = graph.reshape(x, 0, 0, 2L * vit.heads(), angles[0].length, 2); // [b, t, 2 heads, pairs, 2]
            String a = graph.slice(x, 4, 0, 1);
            String b = graph.slice(x, 4, 1, 2);
            String rotatedA = graph.node("Sub", List.of(graph.times(a, cos), graph.times(b, sin)));
            String rotatedB = graph.add(graph.times(a, sin), graph.times(b, cos));
            x = graph.reshape(graph.concatenate(4, rotatedA, rotatedB), 0, 0, 2L * width);
            return graph.concatenate(2, x, graph.slice(qkv, 2, 2L * width, 3L * width));
        };
    }

    private static float[] values(double[][] angles, DoubleUnaryOperator function) {
        double[] values = Arrays.stream(angles)
                .flatMapToDouble(Arrays::stream)
                .map(function)
                .toArray();
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** Adds the Perception Encoder's {@code AttentionPooling}: [batch, tokens, width] → [batch, width]. */
    private String pooled(String x, int width, int heads) throws IOException {
        OnnxGraph graph = layers.graph();
        String pool = "visual.attn_pool.";
        String in = pool + "attn.in_proj_";
        String q = layers.linear(in + "weight", in + "bias", 0, width, layers.weight(pool + "probe")); // [1, 1, width]
        String kv = layers.linear(in + "weight", in + "bias", width, 3 * width, x); // [batch, tokens, 2 width]
        String y = layers.attention(
                q, graph.slice(kv, 2, 0, width), graph.slice(kv, 2, width, 2L * width), width, heads, "");
        y = layers.linear(pool + "attn.out_proj", graph.reshape(y, 0, width)); // [batch, width]
        String hidden = layers.linear(pool + "mlp.c_fc", layers.norm(pool + "layernorm", y));
        return graph.add(y, layers.linear(pool + "mlp.c_proj", layers.activation(hidden)));
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
            x = block("transformer.resblocks." + i, x, text.width(), text.heads(), qkv -> qkv, mask);
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
     * @param qkvs makes what attends of queries, keys and values [batch, tokens, 3 width]
     * @param mask added to the scores of the attention, or empty
     */
    private String block(String block, String x, int width, int heads, UnaryOperator<String> qkvs, String mask)
            throws IOException {
        String y = layers.graph().add(x, attend(block, layers.norm(block + ".ln_1", x), width, heads, qkvs, mask));
        String hidden = layers.linear(block + ".mlp.c_fc", layers.norm(block + ".ln_2", y));
        return layers.graph().add(y, layers.linear(block + ".mlp.c_proj", layers.activation(hidden)));
    }

    private String attend(String block, String x, int width, int heads, UnaryOperator<String> qkvs, String mask)
            throws IOException {
        String in = block + ".attn.in_proj_";
        String qkv = qkvs.apply(layers.linear(in + "weight", in + "bias", x)); // [batch, tokens, 3 width]
        OnnxGraph graph = layers.graph();
        String query = graph.slice(qkv, 2, 0, width);
        String key = graph.slice(qkv, 2, width, 2L * width);
        String value = graph.slice(qkv, 2, 2L * width, 3L * width);
        return layers.linear(block + ".attn.out_proj", layers.attention(query, key, value, width, heads, mask));
    }
}
