package org.coop4j.clip;

import org.coop4j.graph.Graph;
import org.coop4j.graph.op.Grid;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The weights of a model as they enter a graph, by OpenAI's names: constants where they are frozen,
 * variables where they are trained.
 */
public interface Parameters {

    /**
     * A convolution without a bias and the batch norm behind it, 1×1 or 3×3 with one pixel of padding.
     *
     * @param name of the convolution, without {@code .weight}
     * @param norm the norm's name
     * @param in the pixels of an image before it
     * @param stride distance between the pixels that the kernel is centred on; divides both sides
     * @param relu whether a rectifier follows
     */
    record Convolution(String name, String norm, Grid in, int stride, boolean relu) {

        /** The pixels of an image behind it. */
        public Grid out() {
            return in.dividedBy(stride);
        }
    }

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
    SDVariable convolution(Convolution layer, SDVariable x);
}
