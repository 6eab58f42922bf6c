package org.coop4j.onnx;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import onnx.Onnx.TensorProto.DataType;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.graph.host.Floats;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.weights.safetensors.SafetensorsFile;

/**
 * CLIP's {@code VisionTransformer}, {@code ModifiedResNet} and {@code encode_text}, with the weights of a converted model
 * by name.
 *
 * @param changed weights in place of the model's
 * @param activation of the tower's MLPs
 * @param epsilon that a layer norm adds to the variance, by its name
 */
record Towers(
        OnnxGraph graph,
        SafetensorsFile weights,
        Map<String, float[]> changed,
        MlpActivation activation,
        ToDoubleFunction<String> epsilon) {

    /** Stands for −∞ where a token must not attend: far enough below any score for float32. */
    private static final float NEVER = -1e9f;

    private static final double BATCH_NORM_EPSILON = 1e-5;

    /** Adds an image tower: normalised pixels [batch, 3, side, side] → features of a kind [batch, width]. */
    String image(String pixels, ClipConfig.Vision tower, FeatureKind kind) throws IOException {
        boolean embedded = kind != FeatureKind.BEFORE_PROJECTION;
        if (tower instanceof ClipConfig.Vit vit) {
            String x = vit(pixels, vit);
            boolean projected = embedded && vit.projects();
            return projected ? graph.product(x, weight("visual.proj")) : x;
        }
        String x = resNet(pixels, (ClipConfig.ResNet) tower);
        return embedded ? linear("visual.attnpool.c_proj.", x) : x;
    }

    private String vit(String pixels, ClipConfig.Vit vit) throws IOException {
        int width = vit.width();
        boolean sigLip = vit.family() == ClipConfig.Family.SIGLIP;
        String x = convolution("visual.conv1", pixels, vit.patchSize(), vit.patchSize(), 0);
        x = graph.transpose(graph.reshape(x, 0, width, -1), 0, 2, 1); // [batch, grid², width]
        if (vit.classTokens() == 1) {
            String batch = graph.node("Shape", List.of("start", 0, "end", 1), x);
            String token = weight("visual.class_embedding", 1, 1, width);
            token = graph.node("Expand", token, graph.concatenate(0, batch, graph.integers(1, width)));
            x = graph.concatenate(1, token, x); // [batch, tokens, width]
        }
        if (sigLip) {
            x = graph.plus(x, weight("visual.conv1.bias"));
        }
        String positions = weight("visual.positional_embedding");
        if (vit.prefix() > 0) {
            String batch = graph.node("Shape", List.of("start", 0, "end", 1), x);
            String size = graph.concatenate(0, batch, graph.integers(vit.prefix(), width));
            String prefix = graph.node("Expand", graph.slice(positions, 0, 0, vit.prefix()), size);
            x = graph.plus(x, graph.slice(positions, 0, vit.prefix(), vit.tokens()));
            x = graph.concatenate(1, prefix, x); // [batch, tokens, width]
        } else {
            x = graph.plus(x, positions);
        }
        if (!sigLip && vit.prefix() == 0) {
            x = norm("visual.ln_pre", x);
        }
        UnaryOperator<String> qkvs = vit.family() == ClipConfig.Family.PE_CORE ? rotation(vit) : qkv -> qkv;
        for (int i = 0; i < vit.layers(); i++) {
            x = block("visual.transformer.resblocks." + i, x, width, vit.heads(), qkvs, "");
        }
        if (vit.pooling() == null) {
            x = graph.reshape(graph.slice(x, 1, 0, 1), 0, width); // [batch, width]
        }
        x = norm("visual.ln_post", x);
        return vit.pooling() == null ? x : pooled(x, width, vit.pooling().poolHeads()); // [batch, width]
    }

    /** Returns what rotates queries and keys by the Perception Encoder's positions. */
    private UnaryOperator<String> rotation(ClipConfig.Vit vit) {
        int width = vit.width();
        double[][] angles = vit.rotaryAngles(vit.tokens());
        long[] shape = {angles.length, 1, angles[0].length, 1}; // [tokens, 1, pairs, 1]
        String cos = graph.constant("rotary_cos", shape, Floats.rounded(angles, Math::cos));
        String sin = graph.constant("rotary_sin", shape, Floats.rounded(angles, Math::sin));
        return qkv -> {
            String x = graph.slice(qkv, 2, 0, 2L * width);
            x = graph.reshape(x, 0, 0, 2L * vit.heads(), angles[0].length, 2); // [b, t, 2 heads, pairs, 2]
            String a = graph.slice(x, 4, 0, 1);
            String b = graph.slice(x, 4, 1, 2);
            String rotatedA = graph.node("Sub", graph.times(a, cos), graph.times(b, sin));
            String rotatedB = graph.plus(graph.times(a, sin), graph.times(b, cos));
            x = graph.reshape(graph.concatenate(4, rotatedA, rotatedB), 0, 0, 2L * width);
            return graph.concatenate(2, x, graph.slice(qkv, 2, 2L * width, 3L * width));
        };
    }

    /** Adds attention pooling with an MLP: [batch, tokens, width] → [batch, width]. */
    private String pooled(String x, int width, int heads) throws IOException {
        String pool = "visual.attn_pool.";
        String in = pool + "attn.in_proj_";
        String q = linear(in, 0, width, weight(pool + "probe")); // [1, 1, width]
        String kv = linear(in, width, 3 * width, x); // [batch, tokens, 2 width]
        String y = attention(q, graph.slice(kv, 2, 0, width), graph.slice(kv, 2, width, 2L * width), width, heads, "");
        y = linear(pool + "attn.out_proj.", graph.reshape(y, 0, width)); // [batch, width]
        return mlp(pool, pool + "layernorm", y);
    }

    /**
     * Adds the text tower: token ids [batch, context] → text features [batch, embed], read at the end token, the
     * largest id; SigLIP's at the last row; TIPS's the mean of those that are not the padding 0.
     */
    String text(String ids, ClipConfig.Text text) throws IOException {
        String x = graph.node("Gather", weight("token_embedding.weight"), ids);
        x = text.averaged() ? graph.times(x, text.embeddingScale()) : x;
        x = graph.plus(x, weight("positional_embedding")); // [batch, context, width]
        String own = text.averaged() ? graph.cast(graph.node("Greater", ids, graph.integers(0)), DataType.FLOAT) : "";
        String mask = text.averaged()
                ? graph.times(graph.plus(graph.reshape(own, 0, 1, 1, -1), graph.number(-1)), -NEVER)
                : text.unmasked() ? "" : causalMask(text.contextLength());
        for (int i = 0; i < text.layers(); i++) {
            x = block("transformer.resblocks." + i, x, text.width(), text.heads(), qkv -> qkv, mask);
        }
        x = norm("ln_final", x);
        if (text.averaged()) {
            String shares = graph.node("Div", own, graph.node("ReduceSum", own, graph.integers(1))); // [batch, context]
            return graph.reshape(graph.product(graph.reshape(shares, 0, 1, -1), x), 0, text.width());
        }
        if (text.unmasked()) {
            x = graph.slice(x, 1, text.contextLength() - 1, text.contextLength());
            x = graph.product(graph.reshape(x, 0, text.width()), weight("text_projection"));
            return graph.plus(x, weight("text_projection_bias"));
        }
        String end = graph.node("ArgMax", List.of("axis", 1), ids); // [batch, 1]
        x = graph.node("GatherND", List.of("batch_dims", 1), x, end);
        return graph.product(x, weight("text_projection"));
    }

    private String causalMask(int n) {
        float[] mask = new float[n * n];
        for (int query = 0; query < n; query++) {
            for (int key = query + 1; key < n; key++) {
                mask[query * n + key] = NEVER;
            }
        }
        return graph.constant("causal_mask", new long[] {n, n}, mask);
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
        String qkv = qkvs.apply(linear(block + ".attn.in_proj_", norm(block + ".ln_1", x))); // [batch, tokens, 3 width]
        String query = graph.slice(qkv, 2, 0, width);
        String key = graph.slice(qkv, 2, width, 2L * width);
        String value = graph.slice(qkv, 2, 2L * width, 3L * width);
        String heard = attention(query, key, value, width, heads, mask);
        String y = graph.plus(x, linear(block + ".attn.out_proj.", heard));
        return mlp(block + ".", block + ".ln_2", y);
    }

    /** Adds y + MLP(norm(y)). */
    private String mlp(String block, String norm, String y) throws IOException {
        String hidden = linear(block + "mlp.c_fc.", norm(norm, y));
        if (activation == MlpActivation.SWIGLU) { // [batch, tokens, 2 half]
            long half = weights.shape(block + "mlp.c_proj.weight").dim(1);
            String gate = graph.slice(hidden, 2, 0, half);
            gate = graph.times(gate, graph.node("Sigmoid", gate));
            return graph.plus(
                    y, linear(block + "mlp.c_proj.", graph.times(gate, graph.slice(hidden, 2, half, 2 * half))));
        }
        return graph.plus(y, linear(block + "mlp.c_proj.", activated(hidden)));
    }

    /**
     * Adds multi-head attention.
     *
     * @param q queries [batch, queries, width]
     * @param k keys [batch, tokens, width]
     * @param v values, as the keys
     * @param mask added to the scores, or empty
     * @return [batch, queries, width]
     */
    private String attention(String q, String k, String v, int width, int heads, String mask) {
        int depth = width / heads;
        q = graph.transpose(graph.reshape(q, 0, 0, heads, depth), 0, 2, 1, 3); // [b, h, q, d]
        k = graph.transpose(graph.reshape(k, 0, 0, heads, depth), 0, 2, 3, 1); // [b, h, d, t]
        v = graph.transpose(graph.reshape(v, 0, 0, heads, depth), 0, 2, 1, 3); // [b, h, t, d]
        String scores = graph.product(graph.times(q, 1 / Math.sqrt(depth)), k); // [b, h, q, t]
        if (!mask.isEmpty()) {
            scores = graph.plus(scores, mask);
        }
        String shares = graph.node("Softmax", List.of("axis", -1), scores);
        String heard = graph.transpose(graph.product(shares, v), 0, 2, 1, 3); // [b, q, h, d]
        return graph.reshape(heard, 0, 0, width);
    }

    private String activated(String x) {
        return switch (activation) {
            case QUICK_GELU -> graph.times(x, graph.node("Sigmoid", graph.times(x, 1.702)));
            case GELU -> {
                String erf = graph.node("Erf", graph.node("Div", x, graph.number(Math.sqrt(2))));
                String gate = graph.plus(erf, graph.number(1));
                yield graph.times(graph.times(x, gate), 0.5);
            }
            case GELU_TANH -> {
                String cube = graph.times(graph.times(graph.times(x, x), x), 0.044715);
                String u = graph.times(graph.plus(x, cube), 2 * Math.sqrt(2 / Math.PI));
                yield graph.times(x, graph.node("Sigmoid", u)); // (1 + tanh(u/2)) / 2 is sigmoid(u)
            }
            case RELU -> graph.rectified(x);
            case SWIGLU -> throw new IllegalArgumentException("not a function of single elements");
        };
    }

    private String resNet(String pixels, ClipConfig.ResNet resNet) throws IOException {
        String x = graph.rectified(normed("visual.conv1", "visual.bn1", pixels, 3, 2));
        x = graph.rectified(normed("visual.conv2", "visual.bn2", x, 3, 1));
        x = graph.rectified(normed("visual.conv3", "visual.bn3", x, 3, 1));
        x = averagePool(x, 2); // [batch, width, side / 4, side / 4]
        for (int stage = 0; stage < resNet.layers().size(); stage++) {
            for (int block = 0; block < resNet.layers().get(stage); block++) {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                x = bottleneck("visual.layer" + (stage + 1) + "." + block, x, stride, block == 0);
            }
        }
        return attentionPool(x, resNet);
    }

    private String bottleneck(String block, String x, int stride, boolean first) throws IOException {
        String y = graph.rectified(normed(block + ".conv1", block + ".bn1", x, 1, 1));
        y = graph.rectified(normed(block + ".conv2", block + ".bn2", y, 3, 1));
        y = normed(block + ".conv3", block + ".bn3", averagePool(y, stride), 1, 1);
        String identity =
                first ? normed(block + ".downsample.0", block + ".downsample.1", averagePool(x, stride), 1, 1) : x;
        return graph.rectified(graph.plus(y, identity));
    }

    private String averagePool(String x, int size) {
        int[] square = {size, size};
        return size == 1 ? x : graph.node("AveragePool", List.of("kernel_shape", square, "strides", square), x);
    }

    /** Adds {@code AttentionPool2d}: the mean queries all pixels and itself. */
    private String attentionPool(String x, ClipConfig.ResNet resNet) throws IOException {
        String pool = "visual.attnpool.";
        int width = resNet.outputWidth();
        x = graph.transpose(graph.reshape(x, 0, width, -1), 0, 2, 1); // [batch, pixels, width]
        String mean = graph.node("ReduceMean", x, graph.integers(1));
        x = graph.concatenate(1, mean, x); // [batch, tokens, width]
        x = graph.plus(x, weight(pool + "positional_embedding"));
        String q = linear(pool + "q_proj.", graph.slice(x, 1, 0, 1));
        String k = linear(pool + "k_proj.", x);
        String v = linear(pool + "v_proj.", x);
        return graph.reshape(attention(q, k, v, width, resNet.heads(), ""), 0, width);
    }

    private float[] floats(String name) throws IOException {
        return changed.containsKey(name) ? changed.get(name) : weights.floats(name);
    }

    private String weight(String name) throws IOException {
        return weight(name, weights.shape(name).toArray());
    }

    private String weight(String name, long... shape) throws IOException {
        return graph.weight(name, shape, floats(name));
    }

    /** Adds x · weightᵀ + bias; x [..., in] → [..., out]. The names of weight and bias begin with the layer's. */
    private String linear(String layer, String x) throws IOException {
        return linear(layer, 0, Math.toIntExact(weights.shape(layer + "weight").dim(0)), x);
    }

    /** Adds the outputs {@code from} (inclusive) to {@code to} (exclusive) of such a layer. */
    private String linear(String layer, int from, int to, String x) throws IOException {
        String weight = layer + "weight";
        int in = Math.toIntExact(weights.shape(weight).dim(1)); // of [out, in]
        float[] rows = Arrays.copyOfRange(floats(weight), from * in, to * in);
        float[] biases = Arrays.copyOfRange(floats(layer + "bias"), from, to);
        String part = from == 0 ? "" : " from " + from;
        float[] columns = FeatureMatrix.of(to - from, in, rows).transposed().toArray();
        String matrix = graph.weight(weight + part, new long[] {in, to - from}, columns);
        return graph.plus(
                graph.product(x, matrix), graph.weight(layer + "bias" + part, new long[] {to - from}, biases));
    }

    /** Adds a layer norm over the last axis. */
    private String norm(String layer, String x) throws IOException {
        List<Object> attributes = List.of("axis", -1, "epsilon", epsilon.applyAsDouble(layer));
        return graph.node("LayerNormalization", attributes, x, weight(layer + ".weight"), weight(layer + ".bias"));
    }

    /** Adds a convolution without bias, {@code size} × {@code size}. */
    private String convolution(String layer, String x, int size, int stride, int padding) throws IOException {
        int[] pads = {padding, padding, padding, padding};
        List<Object> attributes =
                List.of("kernel_shape", new int[] {size, size}, "strides", new int[] {stride, stride}, "pads", pads);
        return graph.node("Conv", attributes, x, weight(layer + ".weight"));
    }

    /** Adds a convolution and a batch norm with the statistics of its training. */
    private String normed(String layer, String norm, String x, int size, int stride) throws IOException {
        String y = convolution(layer, x, size, stride, size / 2);
        return graph.node(
                "BatchNormalization",
                List.of("epsilon", BATCH_NORM_EPSILON),
                y,
                weight(norm + ".weight"),
                weight(norm + ".bias"),
                weight(norm + ".running_mean"),
                weight(norm + ".running_var"));
    }
}
