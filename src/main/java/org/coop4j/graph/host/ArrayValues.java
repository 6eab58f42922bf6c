package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An array's values as float32 in the host's memory, row after row: the one way in which they get in and out.
 *
 * <p>Where ops are computed on the host the buffer is the array's own memory, and nothing is copied. Elsewhere it is a
 * copy: {@link #load} takes what the array holds, {@link #store} gives it what the buffer holds. Each way of a copy
 * takes one array of the right length as a go-between: nd4j-cuda copies the whole buffer behind a view when an element
 * of the view is read, and a plan's arrays are views of one arena. The array stays the owner of its memory.
 */
public final class ArrayValues {

    private final INDArray array;
    private final boolean copied;
    private final FloatBuffer buffer;

    private ArrayValues(INDArray array, boolean copied, FloatBuffer buffer) {
        this.array = array;
        this.copied = copied;
        this.buffer = buffer;
    }

    /**
     * The values of an array of any float type; an array of any rank is seen with its last axis as columns and all
     * others as rows.
     */
    public static ArrayValues of(INDArray array) {
        return Backend.currentForm() == Backend.Form.HOST && HostMatrix.isHostReadable(array)
                ? new ArrayValues(array, false, HostMatrix.of(array).buffer())
                : new ArrayValues(array, true, FloatBuffer.allocate(Math.toIntExact(array.length())));
    }

    /** The value of an array of one element, in its own precision. */
    public static double scalar(INDArray array) {
        // An element of a view would bring the whole arena from a device.
        try (INDArray copy = array.dup()) {
            return copy.getDouble(0);
        }
    }

    /** All axes but the last. */
    public int rows() {
        return cols() == 0 ? 0 : buffer.capacity() / cols();
    }

    /** The last axis. */
    public int cols() {
        return HostMatrix.cols(array);
    }

    /** All values, row after row. */
    public FloatBuffer buffer() {
        return buffer;
    }

    /** Brings the array's values into the buffer. */
    public void load() {
        if (copied) {
            try (INDArray copy = array.dup('c')) {
                buffer.put(0, copy.data().asFloat());
            }
        }
    }

    /** Brings the buffer's values into the array. */
    public void store() {
        if (copied) {
            try (INDArray copy = Nd4j.createFromArray(buffer.array())) {
                INDArray shaped = copy.reshape('c', array.shape());
                array.assign(array.dataType() == DataType.FLOAT ? shaped : shaped.castTo(array.dataType()));
            }
        }
    }

    /** The array's values as they are now. */
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
        if (source.length != buffer.capacity()) {
            throw new IllegalArgumentException(
                    source.length + " values for a matrix of " + rows() + " rows of " + cols());
        }
        buffer.put(0, source);
        store();
    }

    /** Copies row {@code row} of the buffer into {@code target}. */
    public void getRow(int row, float[] target) {
        buffer.get(row * cols(), target, 0, cols());
    }
}
