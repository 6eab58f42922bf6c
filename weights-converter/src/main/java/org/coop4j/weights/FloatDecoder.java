package org.coop4j.weights;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** Widens chunks of little-endian floating-point elements into a buffer of singles. */
final class FloatDecoder {
    private static final int BLOCK = 8192;

    private final DType dtype;
    private final FloatBuffer target;
    private final float[] floats = new float[BLOCK];
    private final short[] shorts = new short[BLOCK];
    private final double[] doubles;

    FloatDecoder(DType dtype, FloatBuffer target) {
        this.dtype = dtype;
        this.target = target;
        this.doubles = new double[dtype == DType.F64 ? BLOCK : 0];
    }

    void accept(ByteBuffer chunk) {
        switch (dtype) {
            case F32 -> target.put(chunk.asFloatBuffer());
            case F16 -> halves(chunk.asShortBuffer());
            case BF16 -> bfloat16s(chunk.asShortBuffer());
            case F64 -> doubles(chunk.asDoubleBuffer());
            default -> throw new IllegalStateException(dtype.name());
        }
    }

    private void halves(ShortBuffer source) {
        while (source.hasRemaining()) {
            int n = Math.min(BLOCK, source.remaining());
            source.get(shorts, 0, n);
            for (int i = 0; i < n; i++) {
                floats[i] = HalfFloats.fromHalf(shorts[i]);
            }
            target.put(floats, 0, n);
        }
    }

    private void bfloat16s(ShortBuffer source) {
        while (source.hasRemaining()) {
            int n = Math.min(BLOCK, source.remaining());
            source.get(shorts, 0, n);
            for (int i = 0; i < n; i++) {
                floats[i] = HalfFloats.fromBfloat16(shorts[i]);
            }
            target.put(floats, 0, n);
        }
    }

    private void doubles(DoubleBuffer source) {
        while (source.hasRemaining()) {
            int n = Math.min(BLOCK, source.remaining());
            source.get(doubles, 0, n);
            for (int i = 0; i < n; i++) {
                floats[i] = (float) doubles[i];
            }
            target.put(floats, 0, n);
        }
    }
}
