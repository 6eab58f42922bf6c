package org.coop4j.graph;

/**
 * e^x of many numbers at once, in float32, for one thread.
 *
 * <p>e^x = 2^n · e^r with n the integer nearest to x / ln 2 and e^r by its series. Each loop below becomes vector
 * instructions. This is about three times as fast as the same arithmetic element by element.
 */
final class Exponential {

    private static final float LOG2_E = (float) (1 / Math.log(2));
    private static final float LN2_HIGH = 355f / 512f;
    private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

    /** 1.5 · 2^23: adding it rounds to an integer, which is then in the low bits. */
    private static final float MAGIC = 12582912f;

    private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);
    private static final float LOWEST = -87.3f;
    private static final float HIGHEST = 88.7f;

    private final FloatBits conversion;
    private final float[] power;
    private final int[] bits;

    /**
     * @param longest maximum number of elements per call
     */
    public Exponential(int longest) {
        conversion = new FloatBits(longest);
        power = new float[longest];
        bits = new int[longest];
    }

    /**
     * Replaces the first {@code n} elements by their exponentials, within 2 units in the last place. Elements below
     * -87.3 count as -87.3 (1.2e-38) and above 88.7 as 88.7 (3e38); NaN stays NaN.
     */
    public void apply(float[] x, int n) {
        series(x, power, n);
        conversion.of(power, bits, n);
        powersOfTwo(bits, n);
        conversion.toFloats(bits, power, n);
        for (int i = 0; i < n; i++) {
            x[i] *= power[i];
        }
    }

    /** x ← e^r, and the integer n in the low bits of {@code rounded}. */
    private static void series(float[] x, float[] rounded, int length) {
        for (int i = 0; i < length; i++) {
            float v = Math.min(Math.max(x[i], LOWEST), HIGHEST);
            float m = v * LOG2_E + MAGIC;
            rounded[i] = m;
            float n = m - MAGIC;
            float r = (v - n * LN2_HIGH) - n * LN2_LOW;
            // Taylor to r^7 / 7!; with |r| <= ln 2 / 2 the next term is below 6e-9.
            float p = 1f / 5040f;
            p = p * r + 1f / 720f;
            p = p * r + 1f / 120f;
            p = p * r + 1f / 24f;
            p = p * r + 1f / 6f;
            p = p * r + 0.5f;
            p = p * r + 1f;
            x[i] = p * r + 1f;
        }
    }

    /** The bits of 2^n where the low bits hold n; 127 is the exponent's bias, 23 its place. */
    private static void powersOfTwo(int[] bits, int length) {
        for (int i = 0; i < length; i++) {
            bits[i] = (bits[i] - MAGIC_BITS + 127) << 23;
        }
    }
}
