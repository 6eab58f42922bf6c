package org.coop4j.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A small tensor in memory, row-major, ready to be written to a file. */
public final class DenseTensor {
    private final DType dtype;
    private final Shape shape;
    private final ByteBuffer data;

    private DenseTensor(DType dtype, Shape shape, int elements) {
        if (shape.elements() != elements) {
            throw new IllegalArgumentException(
                    "shape %s: expected %d elements, got %d".formatted(shape, shape.elements(), elements));
        }
        this.dtype = dtype;
        this.shape = shape;
        this.data =
                ByteBuffer.allocate(Math.toIntExact(shape.bytes(dtype))).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns a tensor of float32; the values are copied. */
    public static DenseTensor ofFloats(Shape shape, float... values) {
        DenseTensor tensor = new DenseTensor(DType.F32, shape, values.length);
        tensor.data.asFloatBuffer().put(values);
        return tensor;
    }

    /** Returns a tensor of 64-bit integers; the values are copied. */
    public static DenseTensor ofLongs(Shape shape, long... values) {
        DenseTensor tensor = new DenseTensor(DType.I64, shape, values.length);
        tensor.data.asLongBuffer().put(values);
        return tensor;
    }

    /** Returns a tensor of any type; its little-endian bytes are copied. */
    public static DenseTensor ofBytes(DType dtype, Shape shape, ByteBuffer littleEndian) {
        DenseTensor tensor = new DenseTensor(dtype, shape, littleEndian.remaining() / dtype.bytes());
        tensor.data.put(littleEndian.duplicate()).flip();
        return tensor;
    }

    /** Element type. */
    public DType dtype() {
        return dtype;
    }

    /** Dimensions, outermost first. */
    public Shape shape() {
        return shape;
    }

    /** The elements, little-endian, read-only. */
    public ByteBuffer data() {
        return data.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
}
