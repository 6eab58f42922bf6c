package org.coop4j.graph.host;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Float32 numbers at a native address that somebody else owns.
 *
 * <p>It keeps no reference to the owner: the owner must stay reachable for as long as this is used.
 */
final class NativeFloats extends FloatPointer {

    private NativeFloats(long address, long length) {
        super((Pointer) null);
        this.address = address;
        this.position = 0;
        this.limit = length;
        this.capacity = length;
    }

    /** The {@code length} floats that begin at {@code address}. */
    static NativeFloats at(long address, long length) {
        return new NativeFloats(address, length);
    }

    /** The same memory from element {@code offset} on, {@code length} floats long. */
    NativeFloats slice(long offset, long length) {
        if (offset < 0 || length < 0 || offset + length > limit) {
            throw new IndexOutOfBoundsException(
                    "floats " + offset + " to " + (offset + length) + " of " + limit);
        }
        return new NativeFloats(address + offset * Float.BYTES, length);
    }

    FloatBuffer buffer() {
        return asByteBuffer().asFloatBuffer();
    }
}
