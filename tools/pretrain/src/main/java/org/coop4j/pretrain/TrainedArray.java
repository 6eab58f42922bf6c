package org.coop4j.pretrain;

import java.nio.FloatBuffer;

/**
 * An array that {@link TrainableClip} trains, with its gradient: a tensor of the model, a part of
 * one, or several together.
 *
 * @param name that no other array of the model has
 * @param isMatrix whether it is of a matrix or a convolution's kernel, which weight decay is for,
 *     and not of biases, gains or the logit scale
 * @param values the elements themselves; whoever makes this keeps their memory
 * @param gradient of the last step, in the order of the values
 */
public record TrainedArray(String name, boolean isMatrix, FloatBuffer values, FloatBuffer gradient) {

    public TrainedArray {
        if (values.capacity() != gradient.capacity()) {
            throw new IllegalArgumentException(
                    "%s has %d values and a gradient of %d".formatted(name, values.capacity(), gradient.capacity()));
        }
    }

    /** Returns the number of elements. */
    public int length() {
        return values.capacity();
    }
}
