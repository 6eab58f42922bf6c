package org.coop4j.graph.host;

import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Native memory that starts at a cache line. At the 16 bytes that malloc gives, each wide load reads two lines, and AMX
 * multiplies at a third of its speed.
 */
public final class NativeMemory {

    /** Bytes of a cache line, of the widest vector register, and of a row of a tile. */
    public static final int LINE = 64;

    private NativeMemory() {}

    /** Returns the bytes of the lines that hold {@code bytes} bytes. */
    public static long wholeLines(long bytes) {
        return (bytes + LINE - 1) / LINE * LINE;
    }

    /** Returns memory of any content, freed by its {@code close}. */
    public static BytePointer allocate(long bytes) {
        Backend.requireAccess();
        BytePointer memory = new BytePointer(bytes + LINE);
        return memory.getPointer(wholeLines(memory.address()) - memory.address())
                .capacity(bytes);
    }

    /** Returns an array of any content, freed by {@link #free}; on a device, wherever ND4J puts it. */
    public static INDArray array(DataType type, long... shape) {
        if (Backend.currentForm() == Backend.Form.PORTABLE) {
            return Nd4j.createUninitialized(type, shape);
        }
        long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        DataBuffer memory =
                Nd4j.createUninitialized(type, length + LINE / type.width()).data();
        long start = (wholeLines(memory.address()) - memory.address()) / type.width();
        return Nd4j.create(memory, shape, Nd4j.getStrides(shape, 'c'), start, 'c');
    }

    /**
     * Returns the memory of an array starting at an element, as another array. Views are made by hand: NDArrayIndex gives
     * wrong shapes for ranges of one row.
     */
    public static INDArray view(INDArray array, long element, long[] shape, long... strides) {
        return Nd4j.create(array.data(), shape, strides, array.offset() + element, 'c');
    }

    /** Frees the memory of an array at once; of a view, that of the array it is part of. */
    public static void free(INDArray array) {
        DataBuffer whole = array.data().originalDataBuffer();
        DataBuffer memory = whole == null ? array.data() : whole;
        if (memory.closeable()) {
            memory.close();
        }
    }
}
