package org.coop4j.pretrain;

import java.nio.FloatBuffer;

/**
 * An array that {@link TrainableClip} trains, with its gradient: a tensor of the model, a part of
 * one, or several together.
 */
public final class TrainedArray {

    private final String name;
    private final boolean matrix;
    private final FloatBuffer values;
    private final FloatBuffer gradient;

    /**
     * @param values the elements; whoever makes this keeps their memory
     * @param gradient as many
     */
    public TrainedArray(String name, boolean matrix, FloatBuffer values, FloatBuffer gradient) {
        if (values.capacity() != gradient.capacity()) {
            throw new IllegalArgumentException(
                    "%s has %d values and a gradient of %d"
                            .formatted(name, values.capacity(), gradient.capacity()));
        }
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
        return values.capacity();
    }

    /** The elements themselves. */
    public FloatBuffer values() {
        return values;
    }

    /** The gradient of the last step, in the order of the values. */
    public FloatBuffer gradient() {
        return gradient;
    }
}
