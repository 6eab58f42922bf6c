package org.coop4j.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** A small tensor in memory, row-major, on its way to a file. */
public final class DenseTensor {
    private final DType dtype;
    private final Shape shape;
    private final ByteBuffer data;

    private DenseTensor(DType dtype, Shape shape, ByteBuffer data) {
        if (shape.bytes(dtype) != data.remaining()) {
            throw new IllegalArgumentException("shape %s of %s needs %d bytes, not %d"
                    .formatted(shape, dtype, shape.bytes(dtype), data.remaining()));
        }
        this.dtype = dtype;
        this.shape = shape;
        this.data = data;
    }

    /** A tensor of singles; the values are copied. */
    public static DenseTensor ofFloats(Shape shape, float... values) {
        ByteBuffer data = allocate(values.length, DType.F32);
        data.asFloatBuffer().put(FloatBuffer.wrap(values));
        return new DenseTensor(DType.F32, shape, data);
    }

    /** A tensor of 64-bit integers; the values are copied. */
    public static DenseTensor ofLongs(Shape shape, long... values) {
        ByteBuffer data = allocate(values.length, DType.I64);
        data.asLongBuffer().put(values);
        return new DenseTensor(DType.I64, shape, data);
    }

    /** A tensor of any type from its little-endian bytes, which are copied. */
    public static DenseTensor ofBytes(DType dtype, Shape shape, ByteBuffer littleEndian) {
        ByteBuffer data = ByteBuffer.allocate(littleEndian.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        data.put(littleEndian.duplicate()).flip();
        return new DenseTensor(dtype, shape, data);
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

    private static ByteBuffer allocate(int elements, DType dtype) {
        return ByteBuffer.allocate(Math.multiplyExact(elements, dtype.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    }
}
