package org.coop4j.onnx;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.weights.model.ClipConfig;

/** CLIP's {@code ModifiedResNet}. */
record ModifiedResNetNodes(Layers layers, OnnxGraph graph, ClipConfig.ResNet resNet) {

    /** Adds the tower: normalised pixels [batch, 3, side, side] → features of a kind [batch, width]. */
    String forward(String pixels, FeatureKind kind) throws IOException {
        String x = graph.relu(convolution("visual.conv1", "visual.bn1", pixels, 3, 2));
        x = graph.relu(convolution("visual.conv2", "visual.bn2", x, 3, 1));
        x = graph.relu(convolution("visual.conv3", "visual.bn3", x, 3, 1));
        x = averagePool(x, 2); // [batch, width, side / 4, side / 4]
        for (int stage = 0; stage < resNet.layers().size(); stage++) {
            for (int block = 0; block < resNet.layers().get(stage); block++) {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                x = bottleneck("visual.layer" + (stage + 1) + "." + block, x, stride, block == 0);
            }
        }
        x = attentionPool(x);
        return kind == FeatureKind.EMBEDDED ? layers.linear("visual.attnpool.c_proj", x) : x;
    }

    private String bottleneck(String block, String x, int stride, boolean first) throws IOException {
        String y = graph.relu(convolution(block + ".conv1", block + ".bn1", x, 1, 1));
        y = graph.relu(convolution(block + ".conv2", block + ".bn2", y, 3, 1));
        y = convolution(block + ".conv3", block + ".bn3", averagePool(y, stride), 1, 1);
        String identity =
                first ? convolution(block + ".downsample.0", block + ".downsample.1", averagePool(x, stride), 1, 1) : x;
        return graph.relu(graph.add(y, identity));
    }

    private String convolution(String layer, String norm, String x, int size, int stride) throws IOException {
        return layers.batchNorm(norm, layers.convolution(layer, x, size, stride, size / 2));
    }

    private String averagePool(String x, int size) {
        return size == 1
                ? x
                : graph.node("AveragePool", List.of(x), "kernel_shape", new int[] {size, size}, "strides", new int[] {
                    size, size
                });
    }

    /** Adds {@code AttentionPool2d}: the mean queries all pixels and itself. */
    private String attentionPool(String x) throws IOException {
        String pool = "visual.attnpool.";
        int width = resNet.outputWidth();
        x = graph.transpose(graph.reshape(x, 0, width, -1), 0, 2, 1); // [batch, pixels, width]
        String mean = graph.node("ReduceMean", List.of(x, graph.integers(1)));
        x = graph.concatenate(1, mean, x); // [batch, tokens, width]
        x = graph.add(x, layers.weight(pool + "positional_embedding"));
        String pooled = layers.attention(
                layers.linear(pool + "q_proj", graph.slice(x, 1, 0, 1)),
                layers.linear(pool + "k_proj", x),
                layers.linear(pool + "v_proj", x),
                width,
                resNet.heads(),
                ""); // [batch, 1, width]
        return graph.reshape(pooled, 0, width);
    }
}
