package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A dense row-major float32 matrix in native memory, seen as [rows, cols].
 *
 * <p>An array of any rank is seen with its last axis as columns and all others as rows; a scalar is
 * [1, 1], a vector [1, n]. Kernels are bound to such matrices; all else goes through {@link
 * ArrayValues}.
 */
public final class HostMatrix implements ArrayValues, AutoCloseable {

    private final INDArray array; // null if the memory is no array's
    private final Runnable free; // holds the memory's owner
    private final NativeFloats floats;
    private final FloatBuffer buffer;
    private final int rows;
    private final int cols;

    private HostMatrix(INDArray array, Runnable free, NativeFloats floats, int rows, int cols) {
        this.array = array;
        this.free = free;
        this.floats = floats;
        this.buffer = floats.asByteBuffer().asFloatBuffer();
        this.rows = rows;
        this.cols = cols;
    }

    /** Float32 numbers at a native address, whose owner must stay reachable meanwhile. */
    private static final class NativeFloats extends FloatPointer {

        NativeFloats(long address, long length) {
            super((Pointer) null);
            this.address = address;
            this.position = 0;
            this.limit = length;
            this.capacity = length;
        }

        /** The same memory from element {@code offset} to the end. */
        NativeFloats from(long offset) {
            if (offset < 0 || offset > limit) {
                throw new IndexOutOfBoundsException("float " + offset + " of " + limit);
            }
            return new NativeFloats(address + offset * Float.BYTES, limit - offset);
        }
    }

    /** A new matrix of zeros in memory of its own, which needs no backend of ND4J. */
    public static HostMatrix zeros(int rows, int cols) {
        HostMatrix matrix = allocate(rows, cols);
        matrix.clear(0);
        return matrix;
    }

    /** The same with any content. */
    public static HostMatrix allocate(long rows, long cols) {
        long length = Math.multiplyExact(rows, cols);
        FloatPointer memory = new FloatPointer(length);
        NativeFloats floats = new NativeFloats(memory.address(), length);
        return new HostMatrix(
                null, memory::close, floats, Math.toIntExact(rows), Math.toIntExact(cols));
    }

    /**
     * The matrix view of {@code array}, which stays the owner of the memory.
     *
     * @throws IllegalArgumentException unless the array is float32 and dense in row-major order
     */
    public static HostMatrix of(INDArray array) {
        if (!isHostReadable(array)) {
            throw new IllegalArgumentException(
                    "a dense row-major float32 array is needed, not " + array.shapeInfoToString());
        }
        int cols = array.rank() == 0 ? 1 : Math.toIntExact(array.size(array.rank() - 1));
        int rows = cols == 0 ? 0 : Math.toIntExact(array.length() / cols);
        // The address of a view's buffer is the whole buffer's.
        long address = array.data().address() + array.offset() * Float.BYTES;
        return new HostMatrix(
                array, () -> {}, new NativeFloats(address, array.length()), rows, cols);
    }

    /** Whether {@link #of} accepts the array. */
    public static boolean isHostReadable(INDArray array) {
        return array.dataType() == DataType.FLOAT && isDenseRowMajor(array);
    }

    private static boolean isDenseRowMajor(INDArray array) {
        long expected = 1;
        for (int axis = array.rank() - 1; axis >= 0; axis--) {
            if (array.size(axis) != 1 && array.stride(axis) != expected) {
                return false;
            }
            expected *= array.size(axis);
        }
        return true;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int cols() {
        return cols;
    }

    /** Whether another matrix has as many rows and columns. */
    public boolean fits(HostMatrix other) {
        return rows == other.rows && cols == other.cols;
    }

    /**
     * The array that owns the memory.
     *
     * @throws IllegalStateException if the matrix owns it
     */
    public INDArray owner() {
        if (array == null) {
            throw new IllegalStateException("the matrix is of no array");
        }
        return array;
    }

    /** Frees memory of its own at once, which the collector would do later. */
    @Override
    public void close() {
        free.run();
    }

    @Override
    public FloatBuffer buffer() {
        return buffer;
    }

    /** Nothing: the buffer is the array's own memory. */
    @Override
    public void load() {}

    /** Nothing: the buffer is the array's own memory. */
    @Override
    public void store() {}

    /** A pointer to the element at {@code (row, col)}, for a BLAS call. */
    public FloatPointer pointer(long row, long col) {
        return floats.from(row * cols + col);
    }

    /** The native address of the element at {@code (row, col)}; not checked. */
    long address(long row, long col) {
        return floats.address() + (row * cols + col) * Float.BYTES;
    }

    /** Copies {@code n} elements from {@code (row, col)} on into {@code target}. */
    public void get(int row, int col, float[] target, int n) {
        buffer.get(row * cols + col, target, 0, n);
    }

    @Override
    public void getRow(int row, float[] target) {
        buffer.get(row * cols, target, 0, cols);
    }

    /** Copies {@code source} into row {@code row}. */
    public void putRow(int row, float[] source) {
        buffer.put(row * cols, source, 0, cols);
    }

    /** Sets the rows from {@code from} on to zero. */
    public void clear(int from) {
        if (from < rows) {
            Pointer.memset(pointer(from, 0), 0, (long) (rows - from) * cols * Float.BYTES);
        }
    }

    /** Copies {@code n} elements of {@code source} to {@code (row, col)} and on. */
    public void put(int row, int col, float[] source, int n) {
        buffer.put(row * cols + col, source, 0, n);
    }
}
