package org.coop4j.clip;

import org.coop4j.graph.Graph;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The weights of a model as they enter a graph, by OpenAI's names: constants where they are frozen,
 * variables where they are trained.
 */
interface Parameters {

    /** The graph that the weights enter. */
    Graph graph();

    /** The weight {@code name} in this graph. */
    SDVariable get(String name);

    /** A convolution's weight [out, in, height, width] as a matrix [out, in · height · width]. */
    SDVariable matrix(String name);

    /** Rows {@code from} (inclusive) to {@code to} (exclusive) of a matrix or vector. */
    SDVariable rows(String name, int from, int to);

    /** Two matrices or vectors as one, the second below the first. */
    SDVariable stacked(String first, String second);

    /**
     * The weight of a square convolution without a bias, [size · size · in, out], the taps row by
     * row; a frozen batch norm behind it is folded in.
     *
     * @param convolution the layer's name, without {@code .weight}
     * @param norm the batch norm behind it
     */
    SDVariable kernel(String convolution, String norm);

    /** The bias that remains of a frozen batch norm when it is folded, [out]. */
    SDVariable foldedBias(String norm);

    /** Whether the weights are constants, and batch norms with their running statistics folded. */
    boolean frozen();
}
