package org.coop4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.coop4j.base.FileRegion;
import org.coop4j.base.FileRegion.ChunkConsumer;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;

/**
 * A tensor in a file, read on demand: an element type, a shape, and the place of its elements in a storage, given by
 * offset and strides as in PyTorch.
 *
 * <p>Elements come in row-major order whatever the strides. Reading goes through one bounded buffer rather than a
 * mapping, so it adds nothing to the resident memory. A view is as thread-safe as its file, and unusable once that is
 * closed.
 */
public final class TensorView {
    /** Size up to which a tensor may be expanded beyond its storage (stride 0); more is an attack. */
    private static final long MAX_EXPANDED_BYTES = 64L << 20;

    private final TensorSpec spec;
    private final FileRegion storage;
    private final long offset;
    private final long[] strides;

    private TensorView(TensorSpec spec, FileRegion storage, long offset, long... strides) {
        this.spec = spec;
        this.storage = storage;
        this.offset = offset;
        this.strides = strides;
    }

    /** Returns a row-major tensor that fills {@code storage} exactly. */
    public static TensorView contiguous(String name, DType dtype, Shape shape, FileRegion storage) {
        Require.that(
                shape.bytes(dtype) == storage.length(), "%s %s does not fill %s bytes", name, shape, storage.length());
        return new TensorView(new TensorSpec(name, dtype, shape), storage, 0, shape.rowMajorStrides());
    }

    /**
     * Returns a tensor laid over a storage that others may share.
     *
     * @param offset index in the storage of the first element
     * @param strides steps in elements along each dimension, as many as {@code shape} has
     * @throws InputException if an element lies outside the storage, or the tensor is expanded far beyond it
     */
    public static TensorView strided(
            String name, DType dtype, Shape shape, FileRegion storage, long offset, long... strides)
            throws InputException {
        TensorView view = new TensorView(new TensorSpec(name, dtype, shape), storage, offset, strides.clone());
        view.checkBounds();
        return view;
    }

    /** Returns the tensor's name in its file. */
    public String name() {
        return spec.name;
    }

    /** Returns the element type in the file. */
    public DType dtype() {
        return spec.dtype;
    }

    /** Returns the dimensions, outermost first. */
    public Shape shape() {
        return spec.shape;
    }

    /** Returns name, element type and shape. */
    public TensorSpec spec() {
        return spec;
    }

    /** Returns the size of the elements in bytes, without the gaps between them. */
    public long bytes() {
        return spec.bytes();
    }

    /** Returns true if the elements lie in row-major order without gaps. */
    public boolean isContiguous() {
        long[] rowMajor = shape().rowMajorStrides();
        for (int axis = 0; axis < strides.length; axis++) {
            if (shape().dim(axis) > 1 && strides[axis] != rowMajor[axis]) {
                return false;
            }
        }
        return true;
    }

    /** Returns the same view under another name. */
    public TensorView named(String name) {
        return new TensorView(new TensorSpec(name, dtype(), shape()), storage, offset, strides);
    }

    /** Returns a view of row {@code i} of the outermost dimension. */
    public TensorView row(long i) throws InputException {
        if (shape().rank() == 0 || i < 0 || i >= shape().dim(0)) {
            throw problem("of shape " + shape() + " has no row " + i);
        }
        return inner(name() + "[" + i + "]", 1, offset + i * strides[0]);
    }

    /** Returns a view of the matrix with rows and columns exchanged. */
    public TensorView transposed() throws InputException {
        if (shape().rank() != 2) {
            throw problem("of shape " + shape() + " cannot be transposed: expected a matrix");
        }
        Shape transposed = Shape.of(shape().dim(1), shape().dim(0));
        return new TensorView(new TensorSpec(name(), dtype(), transposed), storage, offset, strides[1], strides[0]);
    }

    /** Returns a view without the outer dimensions, all of them 1, that has {@code rank} dimensions. */
    public TensorView innermost(int rank) throws InputException {
        int outer = shape().rank() - rank;
        if (outer < 0 || shape().dims().subList(0, outer).stream().anyMatch(dim -> dim != 1)) {
            throw problem("of shape %s: expected %d dimensions after dimensions of 1".formatted(shape(), rank));
        }
        return inner(name(), outer, offset);
    }

    /** Returns a view without the outer dimensions that begins at an element. */
    private TensorView inner(String name, int outer, long at) {
        Shape inner = new Shape(shape().dims().subList(outer, shape().rank()));
        long[] steps = Arrays.copyOfRange(strides, outer, strides.length);
        return new TensorView(new TensorSpec(name, dtype(), inner), storage, at, steps);
    }

    /**
     * Returns all elements of a floating-point tensor as float32; float16 and bfloat16 widen exactly, float64 rounds.
     */
    public float[] floats() throws IOException {
        float[] values = new float[arrayLength()];
        readFloats(FloatBuffer.wrap(values));
        return values;
    }

    /**
     * Puts all elements of a floating-point tensor into {@code target} at its position.
     *
     * @param target with room for all elements; a direct buffer of native order is fastest
     */
    public void readFloats(FloatBuffer target) throws IOException {
        if (!dtype().isFloat()) {
            throw problem("holds " + dtype() + ", not floating-point numbers");
        }
        Require.that(
                target.remaining() >= shape().elements(),
                "%s %s does not fit in %s floats",
                name(),
                shape(),
                target.remaining());
        forEachChunk(chunk -> HalfFloats.widen(dtype(), chunk, target));
    }

    /** Returns all elements of an integer or boolean tensor, sign- or zero-extended. */
    public long[] longs() throws IOException {
        if (dtype().isFloat()) {
            throw problem("holds " + dtype() + ", not integers");
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

    /** Passes on all elements in row-major order, in chunks of whole elements. */
    public void forEachChunk(ChunkConsumer consumer) throws IOException {
        if (isContiguous()) {
            storage.slice(offset * dtype().bytes(), bytes()).forEachChunk(consumer);
        } else if (bytes() > 0) {
            new StridedGather(storage, spec, offset, strides).forEachChunk(consumer);
        }
    }

    @Override
    public String toString() {
        return name() + " " + dtype() + " " + shape();
    }

    private void checkBounds() throws InputException {
        Shape shape = shape();
        if (strides.length != shape.rank() || offset < 0) {
            throw problem("has strides " + Arrays.toString(strides) + " for shape " + shape);
        }
        long last = offset;
        long size;
        try {
            for (int axis = 0; axis < strides.length; axis++) {
                if (strides[axis] < 0) {
                    throw problem("has a negative stride");
                }
                long steps = Math.max(0, shape.dim(axis) - 1);
                last = Math.addExact(last, Math.multiplyExact(steps, strides[axis]));
            }
            size = bytes();
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw problem("of shape " + shape + " is too large");
        }
        long available = storage.length() / dtype().bytes();
        boolean inside = size == 0 ? offset <= available : last < available;
        if (!inside) {
            throw problem("of shape %s needs element %d of a storage that has %d".formatted(shape, last, available));
        }
        if (size > Math.max(storage.length(), MAX_EXPANDED_BYTES)) {
            throw problem(
                    "of shape %s would expand %d bytes of storage to %d".formatted(shape, storage.length(), size));
        }
    }

    private int arrayLength() throws InputException {
        if (shape().elements() > Integer.MAX_VALUE - 8) {
            throw problem("of shape " + shape() + " does not fit in one Java array");
        }
        return (int) shape().elements();
    }

    private long nextLong(ByteBuffer chunk) {
        return switch (dtype()) {
            case I64, U64 -> chunk.getLong();
            case I32 -> chunk.getInt();
            case U32 -> Integer.toUnsignedLong(chunk.getInt());
            case I16 -> chunk.getShort();
            case U16 -> Short.toUnsignedLong(chunk.getShort());
            case I8 -> chunk.get();
            case U8, BOOL -> Byte.toUnsignedLong(chunk.get());
            case F64, F32, F16, BF16 -> throw new IllegalStateException(dtype().name());
        };
    }

    private InputException problem(String what) {
        return InputException.in(storage.file(), "tensor " + name() + " " + what);
    }

    /**
     * The declaration of a tensor.
     *
     * @param name unique in its file
     * @param dtype element type
     * @param shape dimensions
     */
    public record TensorSpec(String name, DType dtype, Shape shape) {
        /** Returns the size of the elements in bytes. */
        public long bytes() {
            return shape.bytes(dtype);
        }
    }
}
