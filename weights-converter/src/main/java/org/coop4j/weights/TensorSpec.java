package org.coop4j.weights;

import java.util.Objects;

/**
 * What a file says of a tensor before its elements.
 *
 * @param name its name, unique in the file
 * @param dtype element type
 * @param shape dimensions
 */
public record TensorSpec(String name, DType dtype, Shape shape) {
    /** Checks that nothing is missing. */
    public TensorSpec {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(shape, "shape");
    }

    /** Bytes of the elements. */
    public long bytes() {
        return shape.bytes(dtype);
    }
}
