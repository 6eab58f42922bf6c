package org.coop4j.graph.host;

import java.util.function.DoubleUnaryOperator;

/**
 * Arithmetic on rows in heap arrays, written so that the JIT compiler uses vector instructions.
 *
 * <p>Sums run in eight independent chains, because a compiler may not reorder a floating-point sum by itself. The order
 * is fixed, so that equal inputs give equal bits.
 */
public final class Floats {

    /** A positive normal float32 times this is at least 1. */
    private static final float HUGE = 3e38f;

    private Floats() {}

    /** Returns a function's values at all elements, row after row, each rounded from double precision. */
    public static float[] rounded(double[][] rows, DoubleUnaryOperator function) {
        float[] rounded = new float[rows.length * rows[0].length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) function.applyAsDouble(rows[i / rows[0].length][i % rows[0].length]);
        }
        return rounded;
    }

    /** Returns 1 if {@code y} is positive, else {@code floor}: the derivative of a rectifier. */
    public static float step(float y, float floor) {
        return Math.min(Math.max(y * HUGE, floor), 1f);
    }

    /** Adds {@code n} elements of {@code addend}, starting at {@code from}, to {@code sum}, starting at {@code at}. */
    public static void add(float[] sum, int at, float[] addend, int from, int n) {
        for (int i = 0; i < n; i++) {
            sum[at + i] += addend[from + i];
        }
    }

    /** Returns the sum of the first {@code n} elements. */
    public static float sum(float[] a, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i + 8 <= n; i += 8) {
            s0 += a[i];
            s1 += a[i + 1];
            s2 += a[i + 2];
            s3 += a[i + 3];
            s4 += a[i + 4];
            s5 += a[i + 5];
            s6 += a[i + 6];
            s7 += a[i + 7];
        }
        float s = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
        for (; i < n; i++) {
            s += a[i];
        }
        return s;
    }

    /** Returns true if no element is infinite or not a number. */
    public static boolean areFinite(float[] a) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i + 4 <= a.length; i += 4) {
            s0 += a[i] * 0; // NaN unless the element is finite
            s1 += a[i + 1] * 0;
            s2 += a[i + 2] * 0;
            s3 += a[i + 3] * 0;
        }
        for (; i < a.length; i++) {
            s0 += a[i] * 0;
        }
        return (s0 + s1) + (s2 + s3) == 0;
    }

    /** Returns the sum of the products of the first {@code n} elements. */
    public static float dot(float[] a, float[] b, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i + 8 <= n; i += 8) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
            s4 += a[i + 4] * b[i + 4];
            s5 += a[i + 5] * b[i + 5];
            s6 += a[i + 6] * b[i + 6];
            s7 += a[i + 7] * b[i + 7];
        }
        float s = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
        for (; i < n; i++) {
            s += a[i] * b[i];
        }
        return s;
    }
}
