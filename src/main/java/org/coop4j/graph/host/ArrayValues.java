package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An array's values as float32 in the host's memory, row after row: the one way in which they get
 * in and out.
 *
 * <p>Where ops are computed on the host the buffer is the array's own memory, and nothing is
 * copied. Elsewhere it is a copy: {@link #load} takes what the array holds, {@link #store} gives it
 * what the buffer holds. The array stays the owner of its memory.
 */
public sealed interface ArrayValues permits HostMatrix, CopiedValues {

    /**
     * The values of an array of any float type; an array of any rank is seen with its last axis as
     * columns and all others as rows.
     */
    static ArrayValues of(INDArray array) {
        boolean onHost =
                ComputeForm.current() == ComputeForm.HOST && HostMatrix.isHostReadable(array);
        return onHost ? HostMatrix.of(array) : new CopiedValues(array);
    }

    /** All axes but the last. */
    int rows();

    /** The last axis. */
    int cols();

    /** All values, row after row. */
    FloatBuffer buffer();

    /** Brings the array's values into the buffer. */
    void load();

    /** Brings the buffer's values into the array. */
    void store();

    /** The value of an array of one element, in its own precision. */
    static double scalar(INDArray array) {
        // An element of a view would bring the whole arena from a device.
        try (INDArray copy = array.dup()) {
            return copy.getDouble(0);
        }
    }

    /** The array's values as they are now. */
    default float[] toArray() {
        load();
        float[] result = new float[buffer().capacity()];
        buffer().get(0, result);
        return result;
    }

    /**
     * Sets all values of the array.
     *
     * @throws IllegalArgumentException unless there are as many values as elements
     */
    default void fill(float[] source) {
        if (source.length != buffer().capacity()) {
            throw new IllegalArgumentException(
                    source.length + " values for a matrix of " + rows() + " rows of " + cols());
        }
        buffer().put(0, source);
        store();
    }

    /** Copies row {@code row} of the buffer into {@code target}. */
    default void getRow(int row, float[] target) {
        buffer().get(row * cols(), target, 0, cols());
    }
}
