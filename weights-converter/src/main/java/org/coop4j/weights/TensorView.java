package org.coop4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;

/**
 * A tensor that lies in a file and is read when asked: an element type, a shape, and the place of
 * its elements in a storage, by offset and strides as PyTorch has them.
 *
 * <p>Elements come in row-major order whatever the strides. Reading goes through one bounded buffer
 * rather than a mapping, so it adds nothing to the resident memory; {@link #map()} gives the bytes
 * in place. A view is as thread-safe as its file and is dead once that is closed.
 */
public final class TensorView {
    /**
     * Bytes read at a time: large enough to be fast, small enough to stay in the cache. On the
     * heap, since direct buffers would pile up until a garbage collection frees them.
     */
    private static final int CHUNK = 1 << 18;

    /** A tensor expanded beyond its storage (stride 0) may take this much; more is an attack. */
    private static final long MAX_EXPANDED_BYTES = 64L << 20;

    private final String name;
    private final DType dtype;
    private final Shape shape;
    private final FileRegion storage;
    private final long offset;
    private final long[] strides;

    private TensorView(String name, DType dtype, Shape shape, FileRegion storage, long offset, long[] strides) {
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
        this.storage = storage;
        this.offset = offset;
        this.strides = strides;
    }

    /** A row-major tensor that fills {@code storage} exactly. */
    public static TensorView contiguous(String name, DType dtype, Shape shape, FileRegion storage) {
        if (shape.bytes(dtype) != storage.length()) {
            throw new IllegalArgumentException(name + " " + shape + " does not fill " + storage.length() + " bytes");
        }
        return new TensorView(name, dtype, shape, storage, 0, shape.rowMajorStrides());
    }

    /**
     * A tensor laid over a storage that others may share.
     *
     * @param offset index in the storage of the first element
     * @param strides steps in elements along each dimension, as many as {@code shape} has
     * @throws InputException when an element would lie outside the storage, or the tensor is
     *     expanded far beyond it
     */
    public static TensorView strided(
            String name, DType dtype, Shape shape, FileRegion storage, long offset, long... strides)
            throws InputException {
        TensorView view = new TensorView(name, dtype, shape, storage, offset, strides.clone());
        view.checkBounds();
        return view;
    }

    /** The tensor's name in its file. */
    public String name() {
        return name;
    }

    /** Element type in the file. */
    public DType dtype() {
        return dtype;
    }

    /** Dimensions, outermost first. */
    public Shape shape() {
        return shape;
    }

    /** Name, element type and shape. */
    public TensorSpec spec() {
        return new TensorSpec(name, dtype, shape);
    }

    /** Bytes of the elements, without what lies between them. */
    public long bytes() {
        return shape.bytes(dtype);
    }

    /** Whether the elements lie in row-major order without gaps. */
    public boolean isContiguous() {
        long[] rowMajor = shape.rowMajorStrides();
        for (int axis = 0; axis < strides.length; axis++) {
            if (shape.dim(axis) > 1 && strides[axis] != rowMajor[axis]) {
                return false;
            }
        }
        return true;
    }

    /** The matrix with rows and columns exchanged; nothing is copied. */
    public TensorView transposed() throws InputException {
        if (shape.rank() != 2) {
            throw problem("of shape " + shape + " cannot be transposed: it is no matrix");
        }
        return new TensorView(name, dtype, shape.transposed(), storage, offset, new long[] {strides[1], strides[0]});
    }

    /**
     * All elements of a floating-point tensor as singles; halves and bfloat16 widen exactly,
     * doubles round.
     */
    public float[] floats() throws IOException {
        float[] values = new float[arrayLength()];
        readFloats(FloatBuffer.wrap(values));
        return values;
    }

    /**
     * Puts all elements of a floating-point tensor into {@code target} at its position.
     *
     * @param target room for at least as many singles as the shape has elements; a direct buffer of
     *     native order is fastest
     */
    public void readFloats(FloatBuffer target) throws IOException {
        if (!dtype.isFloat()) {
            throw problem("holds " + dtype + ", not floating-point numbers");
        }
        if (target.remaining() < shape.elements()) {
            throw new IllegalArgumentException(
                    name + " " + shape + " does not fit in " + target.remaining() + " floats");
        }
        forEachChunk(chunk -> HalfFloats.widen(dtype, chunk, target));
    }

    /** All elements of an integer or boolean tensor, sign- or zero-extended. */
    public long[] longs() throws IOException {
        if (dtype.isFloat()) {
            throw problem("holds " + dtype + ", not integers");
        }
        long[] values = new long[arrayLength()];
        int[] next = {0};
        forEachChunk(chunk -> {
            while (chunk.hasRemaining()) {
                values[next[0]++] = nextLong(chunk);
            }
        });
        return values;
    }

    /** The elements of a contiguous tensor in place, mapped read-only, little-endian. */
    public ByteBuffer map() throws IOException {
        if (!isContiguous()) {
            throw problem("is not contiguous and cannot be mapped");
        }
        if (bytes() > Integer.MAX_VALUE) {
            throw problem("of " + bytes() + " bytes is too large to map at once");
        }
        return storage.map(offset * dtype.bytes(), bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Takes a tensor's elements piece by piece. */
    @FunctionalInterface
    public interface ChunkConsumer {
        /**
         * Takes the next elements.
         *
         * @param chunk whole elements, little-endian, valid during the call alone
         */
        void accept(ByteBuffer chunk) throws IOException;
    }

    /** Hands over all elements in row-major order, through one buffer of bounded size. */
    public void forEachChunk(ChunkConsumer consumer) throws IOException {
        long left = bytes();
        if (left == 0) {
            return;
        }
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, left)).order(ByteOrder.LITTLE_ENDIAN);
        StridedGather gather = isContiguous() ? null : new StridedGather(storage, dtype, shape, offset, strides);
        long at = offset * dtype.bytes();
        while (left > 0) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), left));
            if (gather == null) {
                storage.read(chunk, at);
            } else {
                gather.fill(chunk);
            }
            chunk.flip();
            at += chunk.limit();
            left -= chunk.limit();
            consumer.accept(chunk);
        }
    }

    @Override
    public String toString() {
        return name + " " + dtype + " " + shape;
    }

    private void checkBounds() throws InputException {
        if (strides.length != shape.rank() || offset < 0) {
            throw problem("has strides " + Arrays.toString(strides) + " for shape " + shape);
        }
        long last = offset;
        try {
            for (int axis = 0; axis < strides.length; axis++) {
                if (strides[axis] < 0) {
                    throw problem("has a negative stride");
                }
                if (shape.dim(axis) > 1) {
                    long reach = Math.multiplyExact(shape.dim(axis) - 1, strides[axis]);
                    last = Math.addExact(last, reach);
                }
            }
        } catch (ArithmeticException e) {
            throw problem("of shape " + shape + " and strides beyond any storage");
        }
        long available = storage.length() / dtype.bytes();
        boolean inside = shape.elements() == 0 ? offset <= available : last < available;
        if (!inside) {
            throw problem("of shape %s needs element %d of a storage that has %d".formatted(shape, last, available));
        }
        long size;
        try {
            size = bytes();
        } catch (IllegalArgumentException e) {
            throw problem("of shape " + shape + " is too large");
        }
        if (size > Math.max(storage.length(), MAX_EXPANDED_BYTES)) {
            throw problem(
                    "of shape %s would expand %d bytes of storage to %d".formatted(shape, storage.length(), size));
        }
    }

    private int arrayLength() throws InputException {
        if (shape.elements() > Integer.MAX_VALUE - 8) {
            throw problem("of shape " + shape + " does not fit in one Java array");
        }
        return (int) shape.elements();
    }

    private long nextLong(ByteBuffer chunk) {
        return switch (dtype) {
            case I64, U64 -> chunk.getLong();
            case I32 -> chunk.getInt();
            case U32 -> Integer.toUnsignedLong(chunk.getInt());
            case I16 -> chunk.getShort();
            case U16 -> Short.toUnsignedLong(chunk.getShort());
            case I8 -> chunk.get();
            case U8, BOOL -> Byte.toUnsignedLong(chunk.get());
            case F64, F32, F16, BF16 -> throw new IllegalStateException(dtype.name());
        };
    }

    private InputException problem(String what) {
        return InputException.in(storage.file(), "tensor " + name + " " + what);
    }
}
