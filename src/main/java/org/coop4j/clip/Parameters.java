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

    /**
     * Rows {@code from} (inclusive) to {@code to} (exclusive) of a frozen matrix or vector.
     *
     * @throws UnsupportedOperationException where the weight is trained
     */
    SDVariable rows(String name, int from, int to);

    /** Whether {@link #rows} works. */
    boolean frozen();
}
