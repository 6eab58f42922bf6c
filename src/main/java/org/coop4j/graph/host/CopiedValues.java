package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A heap copy of an array's values, moved by ND4J's own calls.
 *
 * <p>Each way takes one array of the right length as a go-between: nd4j-cuda copies the whole
 * buffer behind a view when an element of the view is read, and a plan's arrays are views of one
 * arena.
 */
final class CopiedValues implements ArrayValues {

    private final INDArray array;
    private final FloatBuffer buffer;

    CopiedValues(INDArray array) {
        this.array = array;
        this.buffer = FloatBuffer.allocate(Math.toIntExact(array.length()));
    }

    @Override
    public int rows() {
        return cols() == 0 ? 0 : buffer.capacity() / cols();
    }

    @Override
    public int cols() {
        return array.rank() == 0 ? 1 : Math.toIntExact(array.size(array.rank() - 1));
    }

    @Override
    public FloatBuffer buffer() {
        return buffer;
    }

    @Override
    public void load() {
        try (INDArray copy = array.dup('c')) {
            buffer.put(0, copy.data().asFloat());
        }
    }

    @Override
    public void store() {
        try (INDArray copy = Nd4j.createFromArray(buffer.array())) {
            INDArray shaped = copy.reshape('c', array.shape());
            array.assign(
                    array.dataType() == DataType.FLOAT ? shaped : shaped.castTo(array.dataType()));
        }
    }
}
