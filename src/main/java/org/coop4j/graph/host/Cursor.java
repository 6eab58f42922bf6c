package org.coop4j.graph.host;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A pointer that is moved from place to place, so that a kernel with many small products makes no
 * objects while it runs. One thread at a time.
 */
public final class Cursor extends FloatPointer {

    public Cursor() {
        super((Pointer) null);
    }

    /** Points at {@code (row, col)} of {@code matrix}. */
    public Cursor at(HostMatrix matrix, long row, long col) {
        address = matrix.address(row, col);
        return this;
    }
}
