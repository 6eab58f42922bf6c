package org.coop4j.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A small tensor in memory, ready to be written to a file.
 *
 * @param dtype element type
 * @param shape dimensions, outermost first
 * @param data the elements, row-major, little-endian; all that remains in the buffer
 */
public record DenseTensor(DType dtype, Shape shape, ByteBuffer data) {
    /** Checks the number of elements. */
    public DenseTensor {
        if (data.remaining() != shape.bytes(dtype)) {
            throw new IllegalArgumentException("shape %s: expected %d elements, got %d"
                    .formatted(shape, shape.elements(), data.remaining() / dtype.bytes()));
        }
    }

    /** Returns a tensor of float32; the values are copied. */
    public static DenseTensor ofFloats(Shape shape, float... values) {
        ByteBuffer data = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, values.length));
        data.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
        return new DenseTensor(DType.F32, shape, data);
    }
}
