package org.coop4j.clip;

import java.nio.FloatBuffer;
import org.coop4j.graph.host.HostMatrix;

/**
 * An array that {@link TrainableClip} trains, with its gradient: a tensor of the model, a part of
 * one, or several together.
 */
public final class TrainedArray {

    private final String name;
    private final boolean matrix;
    private final HostMatrix values;
    private final HostMatrix gradient;

    TrainedArray(String name, boolean matrix, HostMatrix values, HostMatrix gradient) {
        this.name = name;
        this.matrix = matrix;
        this.values = values;
        this.gradient = gradient;
    }

    /** A name that no other array of the model has. */
    public String name() {
        return name;
    }

    /**
     * Whether it is of a matrix or a convolution's kernel, which weight decay is for, and not of
     * biases, gains or the logit scale.
     */
    public boolean isMatrix() {
        return matrix;
    }

    /** Number of elements. */
    public int length() {
        return values.rows() * values.cols();
    }

    /** The elements themselves. */
    public FloatBuffer values() {
        return values.buffer();
    }

    /** The gradient of the last step, in the order of the values. */
    public FloatBuffer gradient() {
        return gradient.buffer();
    }
}
