package org.coop4j.onnx;

import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.Classifier.LogitGraph;

/** A classifier's logits as ONNX nodes. */
final class LogitNodes implements LogitGraph<String> {

    private final OnnxGraph graph;
    private int matrices;

    LogitNodes(OnnxGraph graph) {
        this.graph = graph;
    }

    @Override
    public String unit(String x) {
        return graph.node("Div", List.of(x, graph.node("ReduceL2", List.of(x, graph.integers(-1)))));
    }

    @Override
    public String product(String x, FeatureMatrix weights) {
        float[] transposed = weights.transposed().toArray();
        long[] shape = {weights.width(), weights.rows()};
        return graph.product(x, graph.constant("classifier." + matrices++, shape, transposed));
    }

    @Override
    public String times(String x, double factor) {
        return graph.times(x, graph.number(factor));
    }

    @Override
    public String plus(String x, float[] row) {
        long[] shape = {row.length};
        return graph.add(x, graph.constant("classifier." + matrices++, shape, row));
    }

    @Override
    public String plus(String x, String y) {
        return graph.add(x, y);
    }

    @Override
    public String rectified(String x) {
        return graph.relu(x);
    }

    @Override
    public String exp(String x) {
        return graph.node("Exp", List.of(x));
    }
}
