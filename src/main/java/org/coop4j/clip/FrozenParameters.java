package org.coop4j.clip;

import java.util.HashMap;
import java.util.Map;
import org.coop4j.graph.Graph;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A model's weights as constants of one graph; the arrays are shared between graphs. */
final class FrozenParameters implements Parameters {

    private final Graph graph;
    private final NativeWeights weights;
    private final Map<String, SDVariable> constants = new HashMap<>();

    FrozenParameters(Graph graph, NativeWeights weights) {
        this.graph = graph;
        this.weights = weights;
    }

    @Override
    public Graph graph() {
        return graph;
    }

    @Override
    public boolean frozen() {
        return true;
    }

    @Override
    public SDVariable get(String name) {
        return constants.computeIfAbsent(name, n -> graph.constant(n, weights.get(n)));
    }

    @Override
    public SDVariable matrix(String name) {
        INDArray whole = weights.get(name);
        return graph.constant(name, whole.reshape('c', whole.size(0), -1));
    }

    @Override
    public SDVariable rows(String name, int from, int to) {
        INDArray whole = weights.get(name);
        long[] shape = whole.shape().clone();
        shape[0] = (long) to - from;
        long offset = whole.offset() + (long) from * whole.stride(0);
        INDArray view = Nd4j.create(whole.data(), shape, whole.stride(), offset, 'c');
        return graph.constant(name + "[" + from + ":" + to + "]", view);
    }
}
