package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A dense row-major float32 matrix in native memory, [rows, cols].
 *
 * <p>An array of any rank becomes a matrix with its last axis as columns and all others as rows; a scalar is [1, 1], a
 * vector [1, n]. Kernels are bound to such matrices; everything else uses {@link ArrayValues}.
 */
public final class HostMatrix implements AutoCloseable {

    private final INDArray array; // null if the matrix owns its memory
    private final BytePointer owned; // null if an array owns the memory
    private final Cursor start;
    private final FloatBuffer buffer;
    private final IntBuffer bits;
    private final int rows;
    private final int cols;
    private final boolean rounded;

    private HostMatrix(INDArray array, BytePointer owned, long address, int rows, int cols, boolean rounded) {
        this.array = array;
        this.owned = owned;
        this.start = new Cursor(this, address, (long) rows * cols);
        this.buffer = start.asByteBuffer().asFloatBuffer();
        this.bits = start.asByteBuffer().asIntBuffer();
        this.rows = rows;
        this.cols = cols;
        this.rounded = rounded;
    }

    /**
     * A movable pointer, so that a kernel with many small products makes no objects while it runs. The owner of the
     * memory must stay reachable meanwhile. One thread at a time.
     */
    public static final class Cursor extends FloatPointer {

        @SuppressWarnings("unused") // keeps the memory reachable
        private HostMatrix matrix;

        public Cursor() {
            super((Pointer) null);
        }

        private Cursor(HostMatrix matrix, long address, long length) {
            this();
            this.matrix = matrix;
            this.address = address;
            this.position = 0;
            this.limit = length;
            this.capacity = length;
        }

        /** Points at {@code (row, col)} of {@code matrix}; not checked. */
        public Cursor at(HostMatrix matrix, long row, long col) {
            address = matrix.start.address() + (row * matrix.cols + col) * Float.BYTES;
            return this;
        }
    }

    /** Returns a new matrix of zeros in memory of its own, which needs no backend of ND4J. */
    public static HostMatrix zeros(int rows, int cols) {
        HostMatrix matrix = allocate(rows, cols);
        matrix.clear(0);
        return matrix;
    }

    /** Returns the same with any content. */
    public static HostMatrix allocate(long rows, long cols) {
        BytePointer memory = NativeMemory.allocate(Math.multiplyExact(Float.BYTES * rows, cols));
        return new HostMatrix(null, memory, memory.address(), Math.toIntExact(rows), Math.toIntExact(cols), false);
    }

    /** Returns a matrix in memory of another owner, {@code from} floats on. */
    public static HostMatrix in(Pointer memory, long from, int rows, int cols) {
        return new HostMatrix(null, null, memory.address() + from * Float.BYTES, rows, cols, false);
    }

    /**
     * Returns the matrix view of {@code array}, which stays the owner of the memory.
     *
     * @throws IllegalArgumentException unless the array is float32 and dense in row-major order
     */
    public static HostMatrix of(INDArray array) {
        if (!isHostReadable(array)) {
            throw new IllegalArgumentException(
                    "expected a dense row-major float32 array, got " + array.shapeInfoToString());
        }
        int cols = cols(array);
        int rows = cols == 0 ? 0 : Math.toIntExact(array.length() / cols);
        // A view's buffer has the address of the whole buffer.
        long address = array.data().address() + array.offset() * Float.BYTES;
        return new HostMatrix(array, null, address, rows, cols, false);
    }

    /** Returns the last axis of an array. */
    static int cols(INDArray array) {
        return array.rank() == 0 ? 1 : Math.toIntExact(array.size(array.rank() - 1));
    }

    /** Returns true if {@link #of} accepts the array. */
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

    /** Returns the same memory for values rounded to bfloat16, two bytes each: for oneDNN, and {@link #bits}. */
    public HostMatrix rounded() {
        return rounded(rows, cols);
    }

    /** Returns the same for so many values. */
    public HostMatrix rounded(int toRows, int toCols) {
        return new HostMatrix(array, null, start.address(), toRows, toCols, true);
    }

    /** Returns true if the values are bfloat16. */
    public boolean isRounded() {
        return rounded;
    }

    /** Returns all axes but the last. */
    public int rows() {
        return rows;
    }

    /** Returns the last axis. */
    public int cols() {
        return cols;
    }

    /** Returns true if another matrix has as many rows and columns. */
    public boolean fits(HostMatrix other) {
        return rows == other.rows && cols == other.cols;
    }

    /**
     * Returns the array that owns the memory.
     *
     * @throws IllegalStateException if the matrix owns it
     */
    public INDArray owner() {
        if (array == null) {
            throw new IllegalStateException("the matrix owns its memory");
        }
        return array;
    }

    /** Frees the matrix's own memory at once, instead of at garbage collection. */
    @Override
    public void close() {
        if (owned != null) {
            owned.close();
        }
    }

    /** Returns all values, row after row. */
    public FloatBuffer buffer() {
        return buffer;
    }

    /** Returns the bits of all values; of a rounded matrix in pairs, the first of a pair in the lower half of an int. */
    public IntBuffer bits() {
        return bits;
    }

    /** Returns a pointer to the element at {@code (row, col)}, which keeps the matrix reachable. */
    public FloatPointer pointer(long row, long col) {
        long offset = row * cols + col;
        if (offset < 0 || offset > start.limit()) {
            throw new IllegalArgumentException("float " + offset + " of " + start.limit());
        }
        int width = rounded ? Short.BYTES : Float.BYTES;
        return new Cursor(this, start.address() + offset * width, start.limit() - offset);
    }

    /** Copies {@code n} elements from {@code (row, col)} on into {@code target}. */
    public void get(int row, int col, float[] target, int n) {
        buffer.get(row * cols + col, target, 0, n);
    }

    /** Copies row {@code row} into {@code target}. */
    public void getRow(int row, float[] target) {
        buffer.get(row * cols, target, 0, cols);
    }

    /** Copies {@code source} into row {@code row}. */
    public void putRow(int row, float[] source) {
        buffer.put(row * cols, source, 0, cols);
    }

    /** Zeroes the rows starting at {@code from}. */
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
