package org.coop4j.onnx;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureKind;
import org.coop4j.weights.model.ClipConfig;

/** CLIP's {@code VisionTransformer}. */
record VisionTransformerNodes(Layers layers, ClipConfig.Vit vit) {

    /** Normalised pixels [batch, 3, side, side] → an image's row of a kind [batch, width]. */
    String forward(String pixels, FeatureKind kind) throws IOException {
        OnnxGraph graph = layers.graph();
        int width = vit.width();
        String x = layers.convolution("visual.conv1", pixels, vit.patchSize(), vit.patchSize(), 0);
        x = graph.transpose(graph.reshape(x, 0, width, -1), 0, 2, 1); // [batch, grid², width]
        String batch =
                graph.node(
                        "Shape",
                        List.of(x),
                        OnnxGraph.integer("start", 0),
                        OnnxGraph.integer("end", 1));
        String classToken =
                graph.node(
                        "Expand",
                        List.of(
                                layers.weight("visual.class_embedding", 1, 1, width),
                                graph.concatenate(0, batch, graph.integers(1, width))));
        x = graph.concatenate(1, classToken, x); // [batch, tokens, width]
        x = graph.add(x, layers.weight("visual.positional_embedding"));
        x = layers.norm("visual.ln_pre", x);
        x =
                new TransformerNodes(layers, "visual.transformer", width, vit.heads())
                        .forward(x, vit.layers(), "");
        x = graph.reshape(graph.slice(x, 1, 0, 1), 0, width); // [batch, width]
        x = layers.norm("visual.ln_post", x);
        return kind == FeatureKind.EMBEDDED ? layers.project("visual.proj", x) : x;
    }
}
