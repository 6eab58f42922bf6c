package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import org.coop4j.base.Require;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An array's values as float32 in the host's memory, row after row: the only way to read and write them.
 *
 * <p>If ops are computed on the host, the buffer is the array's own memory, and nothing is copied. Otherwise it is a
 * copy: {@link #load} copies the array to the buffer, {@link #store} the buffer to the array. Both copy through a
 * temporary array: nd4j-cuda copies the whole buffer behind a view when an element of the view is read, and a plan's
 * arrays are views of one arena. The array stays the owner of its memory.
 */
public final class ArrayValues {

    private final INDArray array;
    private final boolean copied;
    private final FloatBuffer buffer;
    private final int cols;

    private ArrayValues(INDArray array, boolean copied, FloatBuffer buffer) {
        this.array = array;
        this.cols = HostMatrix.cols(array);
        this.copied = copied;
        this.buffer = buffer;
    }

    /**
     * Returns the values of an array of any float type and rank, with the last axis as columns and all others as rows.
     */
    public static ArrayValues of(INDArray array) {
        return Backend.currentForm() == Backend.Form.HOST && HostMatrix.isHostReadable(array)
                ? new ArrayValues(array, false, HostMatrix.of(array).buffer())
                : new ArrayValues(array, true, FloatBuffer.allocate(Math.toIntExact(array.length())));
    }

    /** Returns the value of an array of one element, in its own precision. */
    public static double scalar(INDArray array) {
        ArrayValues values = of(array);
        if (!values.copied) {
            return values.buffer.get(0);
        }
        // Reading an element of a view would copy the whole arena from a device.
        try (INDArray copy = array.dup()) {
            return copy.getDouble(0);
        }
    }

    /** Returns all axes but the last. */
    public int rows() {
        return cols == 0 ? 0 : buffer.capacity() / cols;
    }

    /** Returns the last axis. */
    public int cols() {
        return cols;
    }

    /** Returns all values, row after row. */
    public FloatBuffer buffer() {
        return buffer;
    }

    /** Copies the array's values to the buffer. */
    public void load() {
        if (copied) {
            try (INDArray copy = array.dup('c')) {
                buffer.put(0, copy.data().asFloat());
            }
        }
    }

    /** Copies the buffer's values to the array. */
    public void store() {
        if (copied) {
            try (INDArray copy = Nd4j.createFromArray(buffer.array())) {
                INDArray shaped = copy.reshape('c', array.shape());
                array.assign(array.dataType() == DataType.FLOAT ? shaped : shaped.castTo(array.dataType()));
            }
        }
    }

    /** Returns a copy of the array's current values. */
    public float[] toArray() {
        load();
        float[] result = new float[buffer.capacity()];
        buffer.get(0, result);
        return result;
    }

    /**
     * Sets all values of the array.
     *
     * @throws IllegalArgumentException unless there are as many values as elements
     */
    public void fill(float[] source) {
        Require.that(
                source.length == buffer.capacity(),
                "expected %s rows of %s values, got %s values",
                rows(),
                cols(),
                source.length);
        buffer.put(0, source);
        store();
    }

    /** Copies row {@code row} of the buffer into {@code target}. */
    public void getRow(int row, float[] target) {
        buffer.get(row * cols, target, 0, cols);
    }
}
