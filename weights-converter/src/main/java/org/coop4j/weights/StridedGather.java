package org.coop4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.coop4j.base.FileRegion;

/** Collects the elements of a strided tensor in row-major order, from a mapping of its storage. */
final class StridedGather {
    /** A multiple of every element size, so that no element crosses from one window to the next. */
    private static final long WINDOW = 1L << 30;

    private final ByteBuffer[] windows;
    private final int elementBytes;
    private final Shape shape;
    private final long[] strides;
    private final long[] index;
    private long element;

    StridedGather(FileRegion storage, DType dtype, Shape shape, long offset, long[] strides) throws IOException {
        this.elementBytes = dtype.bytes();
        this.shape = shape;
        this.strides = strides;
        this.index = new long[strides.length];
        this.element = offset;
        this.windows = new ByteBuffer[Math.toIntExact((storage.length() + WINDOW - 1) / WINDOW)];
        for (int i = 0; i < windows.length; i++) {
            long at = i * WINDOW;
            windows[i] =
                    storage.map(at, Math.min(WINDOW, storage.length() - at)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** Fills the rest of {@code chunk} with the next elements. */
    void fill(ByteBuffer chunk) {
        while (chunk.hasRemaining()) {
            long at = element * elementBytes;
            ByteBuffer window = windows[(int) (at / WINDOW)];
            int inWindow = (int) (at % WINDOW);
            switch (elementBytes) {
                case 1 -> chunk.put(window.get(inWindow));
                case 2 -> chunk.putShort(window.getShort(inWindow));
                case 4 -> chunk.putInt(window.getInt(inWindow));
                default -> chunk.putLong(window.getLong(inWindow));
            }
            advance();
        }
    }

    private void advance() {
        for (int axis = index.length - 1; axis >= 0; axis--) {
            element += strides[axis];
            if (++index[axis] < shape.dim(axis)) {
                return;
            }
            element -= strides[axis] * shape.dim(axis);
            index[axis] = 0;
        }
    }
}
