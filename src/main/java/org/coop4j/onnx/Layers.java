package org.coop4j.onnx;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.safetensors.SafetensorsFile;

/** The layers of CLIP's towers, with the weights of a converted model by name. */
record Layers(OnnxGraph graph, SafetensorsFile weights, MlpActivation activation) {

    private static final double NORM_EPSILON = 1e-5; // of layer norms and batch norms

    /** Adds a weight unchanged. */
    String weight(String name) throws IOException {
        return graph.weight(name, weights.shape(name).toArray(), weights.floats(name));
    }

    /** Adds a weight in another shape. */
    String weight(String name, long... shape) throws IOException {
        return graph.weight(name, shape, weights.floats(name));
    }

    /** Adds x · weightᵀ + bias; x [..., in] → [..., out]. */
    String linear(String layer, String x) throws IOException {
        return linear(layer + ".weight", layer + ".bias", x);
    }

    /** Adds a linear layer whose weights are not named after it. */
    String linear(String weight, String bias, String x) throws IOException {
        return linear(weight, bias, 0, Math.toIntExact(weights.shape(weight).dim(0)), x);
    }

    /** Adds the outputs {@code from} (inclusive) to {@code to} (exclusive) of such a layer. */
    String linear(String weight, String bias, int from, int to, String x) throws IOException {
        int in = Math.toIntExact(weights.shape(weight).dim(1)); // of [out, in]
        float[] rows = Arrays.copyOfRange(weights.floats(weight), from * in, to * in);
        float[] biases = Arrays.copyOfRange(weights.floats(bias), from, to);
        String part = from == 0 ? "" : " from " + from;
        float[] columns = FeatureMatrix.of(to - from, in, rows).transposed().toArray();
        String matrix = graph.weight(weight + part, new long[] {in, to - from}, columns);
        return graph.add(graph.product(x, matrix), graph.weight(bias + part, new long[] {to - from}, biases));
    }

    /** Adds x · matrix, for the projections that CLIP stores as [in, out]. */
    String project(String name, String x) throws IOException {
        return graph.product(x, weight(name));
    }

    /** Adds a layer norm over the last axis. */
    String norm(String layer, String x) throws IOException {
        return graph.node(
                "LayerNormalization",
                List.of(x, weight(layer + ".weight"), weight(layer + ".bias")),
                "axis",
                -1,
                "epsilon",
                NORM_EPSILON);
    }

    /** Adds a convolution without bias, {@code size} × {@code size}. */
    String convolution(String layer, String x, int size, int stride, int padding) throws IOException {
        return graph.node(
                "Conv",
                List.of(x, weight(layer + ".weight")),
                "kernel_shape",
                new int[] {size, size},
                "strides",
                new int[] {stride, stride},
                "pads",
                new int[] {padding, padding, padding, padding});
    }

    /** Adds a batch norm with the statistics of its training. */
    String batchNorm(String layer, String x) throws IOException {
        return graph.node(
                "BatchNormalization",
                List.of(
                        x,
                        weight(layer + ".weight"),
                        weight(layer + ".bias"),
                        weight(layer + ".running_mean"),
                        weight(layer + ".running_var")),
                "epsilon",
                NORM_EPSILON);
    }

    /** Adds the activation of the model's MLPs. */
    String activation(String x) {
        return switch (activation) {
            case QUICK_GELU -> graph.times(x, graph.node("Sigmoid", List.of(graph.times(x, graph.number(1.702)))));
            case GELU -> {
                String erf = graph.node("Erf", List.of(graph.node("Div", List.of(x, graph.number(Math.sqrt(2))))));
                String gate = graph.add(erf, graph.number(1));
                yield graph.times(graph.times(x, gate), graph.number(0.5));
            }
        };
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
    String attention(String q, String k, String v, int width, int heads, String mask) {
        int depth = width / heads;
        q = graph.transpose(graph.reshape(q, 0, 0, heads, depth), 0, 2, 1, 3); // [b, h, q, d]
        k = graph.transpose(graph.reshape(k, 0, 0, heads, depth), 0, 2, 3, 1); // [b, h, d, t]
        v = graph.transpose(graph.reshape(v, 0, 0, heads, depth), 0, 2, 1, 3); // [b, h, t, d]
        q = graph.times(q, graph.number(1 / Math.sqrt(depth)));
        String scores = graph.product(q, k); // [b, h, q, t]
        if (!mask.isEmpty()) {
            scores = graph.add(scores, mask);
        }
        String shares = graph.node("Softmax", List.of(scores), "axis", -1);
        String heard = graph.transpose(graph.product(shares, v), 0, 2, 1, 3); // [b, q, h, d]
        return graph.reshape(heard, 0, 0, width);
    }
}
