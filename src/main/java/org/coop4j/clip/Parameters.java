package org.coop4j.clip;

import org.coop4j.graph.Graph;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The weights of a model as they enter a graph, by OpenAI's names: constants where they are frozen,
 * variables where they are trained.
 */
public interface Parameters {

    /** The graph that the weights enter. */
    Graph graph();

    /** The weight {@code name} in this graph. */
    SDVariable get(String name);

    /** The linear layer of this name, with its bias; x [rows, in] → [rows, out]. */
    default SDVariable linear(String layer, SDVariable x) {
        return graph().linear(x, get(layer + ".weight"), get(layer + ".bias"));
    }

    /** The layer norm of this name; x [rows, width] → same. */
    default SDVariable norm(String layer, SDVariable x) {
        return graph().layerNorm(x, get(layer + ".weight"), get(layer + ".bias"));
    }

    /** A convolution's weight [out, in, height, width] as a matrix [out, in · height · width]. */
    SDVariable matrix(String name);

    /** Rows {@code from} (inclusive) to {@code to} (exclusive) of a matrix or vector. */
    SDVariable rows(String name, int from, int to);

    /** Two matrices or vectors as one, the second below the first. */
    SDVariable stacked(String first, String second);

    /**
     * A convolution with its batch norm: with running statistics where the weights are frozen, with
     * the batch's where they are trained.
     *
     * @param x [batch · pixels, in]
     * @return [batch · pixels / stride², out]
     */
    SDVariable convolution(ConvolutionLayer layer, SDVariable x);
}
