package org.coop4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.coop4j.base.FileRegion;
import org.coop4j.base.FileRegion.ChunkConsumer;
import org.coop4j.weights.TensorView.TensorSpec;

/** Collects the elements of a strided tensor in row-major order, from a mapping of its storage. */
final class StridedGather {
    private static final int CHUNK = 1 << 18;

    /** A multiple of every element size, so that no element crosses from one window to the next. */
    private static final long WINDOW = 1L << 30;

    private final ByteBuffer[] windows;
    private final TensorSpec tensor;
    private final long[] strides;
    private final long[] index;
    private long element;

    /**
     * @param offset index in the storage of the first element
     */
    StridedGather(FileRegion storage, TensorSpec tensor, long offset, long[] strides) throws IOException {
        this.tensor = tensor;
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

    void forEachChunk(ChunkConsumer consumer) throws IOException {
        ByteBuffer chunk =
                ByteBuffer.allocate((int) Math.min(CHUNK, tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        for (long left = tensor.bytes(); left > 0; left -= chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK, left));
            fill(chunk);
            consumer.accept(chunk.flip());
        }
    }

    private void fill(ByteBuffer chunk) {
        int bytes = tensor.dtype().bytes();
        while (chunk.hasRemaining()) {
            long at = element * bytes;
            ByteBuffer window = windows[(int) (at / WINDOW)];
            int inWindow = (int) (at % WINDOW);
            switch (bytes) {
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
            long size = tensor.shape().dim(axis);
            element += strides[axis];
            if (++index[axis] < size) {
                return;
            }
            element -= strides[axis] * size;
            index[axis] = 0;
        }
    }
}
