package org.coop4j.weights;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** Conversions between float32 and the two 16-bit floating-point types. */
public final class HalfFloats {
    /**
     * The float32 value of every float16: 256 KiB that stay in the cache. A look-up costs the same for normal,
     * subnormal and special values, where arithmetic on the bits would branch or meet denormals.
     */
    private static final float[] FROM_HALF = table();

    private static final int BLOCK = 8192;

    private HalfFloats() {}

    /** Returns the value of the float16 with these bits. */
    public static float fromHalf(short bits) {
        return FROM_HALF[bits & 0xffff];
    }

    /** Returns the value of the bfloat16 with these bits. */
    public static float fromBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Returns the float16 nearest to {@code value}, ties to even; overflow gives infinity. */
    public static short toHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fff_ffff;
        if (magnitude > 0x7f80_0000) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 0x4780_0000) { // 65536 and above, infinity too
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x3880_0000) { // below 2^-14: a subnormal, in units of 2^-24
            return (short) (sign | (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24));
        }
        int rebiased = magnitude - 0x3800_0000;
        int nearest = rebiased + 0x0fff + ((rebiased >>> 13) & 1);
        return (short) (sign | (nearest >>> 13));
    }

    /** Returns the bfloat16 nearest to {@code value}, ties to even. */
    public static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /**
     * Widens little-endian elements to float32; float64 is rounded.
     *
     * @param dtype a floating-point type
     * @param source whole elements
     */
    public static void widen(DType dtype, ByteBuffer source, FloatBuffer target) {
        switch (dtype) {
            case F32 -> target.put(source.asFloatBuffer());
            case F16, BF16 -> widenHalves(dtype, source.asShortBuffer(), target);
            case F64 -> {
                while (source.hasRemaining()) {
                    target.put((float) source.getDouble());
                }
            }
            default -> throw new IllegalStateException(dtype.name());
        }
    }

    private static void widenHalves(DType dtype, ShortBuffer source, FloatBuffer target) {
        short[] halves = new short[Math.min(BLOCK, source.remaining())];
        float[] floats = new float[halves.length];
        while (source.hasRemaining()) {
            int n = Math.min(halves.length, source.remaining());
            source.get(halves, 0, n);
            for (int i = 0; i < n; i++) {
                floats[i] = dtype == DType.F16 ? fromHalf(halves[i]) : fromBfloat16(halves[i]);
            }
            target.put(floats, 0, n);
        }
    }

    private static float[] table() {
        float[] table = new float[1 << 16];
        for (int bits = 0; bits < table.length; bits++) {
            int sign = (bits & 0x8000) << 16;
            int magnitude = (bits & 0x7fff) << 13;
            boolean finite = (bits & 0x7c00) != 0x7c00;
            // A float32 with exponent and fraction of the float16 is 2^112 times too small.
            float scaled = Float.intBitsToFloat(magnitude) * 0x1p112f;
            table[bits] =
                    Float.intBitsToFloat(sign | (finite ? Float.floatToRawIntBits(scaled) : magnitude | 0x7f80_0000));
        }
        return table;
    }
}
