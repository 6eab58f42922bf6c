package org.coop4j.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Conversions of many numbers between float32 and its bits, for one thread. The JIT compiler of Java 17 has no vector
 * instructions for them, so the bits are copied through a buffer.
 */
final class FloatBits {

    private final FloatBuffer asFloats;
    private final IntBuffer asBits;

    /**
     * @param longest maximum number of elements per call
     */
    FloatBits(int longest) {
        ByteBuffer memory = ByteBuffer.allocateDirect(longest * Float.BYTES).order(ByteOrder.nativeOrder());
        asFloats = memory.asFloatBuffer();
        asBits = memory.asIntBuffer();
    }

    /** Writes the bits of the first {@code n} numbers into {@code bits}. */
    void of(float[] numbers, int[] bits, int n) {
        asFloats.put(0, numbers, 0, n);
        asBits.get(0, bits, 0, n);
    }

    /** Writes the numbers that have the first {@code n} of these bits into {@code numbers}. */
    void toFloats(int[] bits, float[] numbers, int n) {
        asBits.put(0, bits, 0, n);
        asFloats.get(0, numbers, 0, n);
    }
}
