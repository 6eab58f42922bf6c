package org.coop4j.clip;

/**
 * A batch norm with fixed statistics as part of the convolution before it: (w ∗ x − mean) / √(variance + 1e-5) · gain +
 * bias is one convolution with other weights and a bias.
 *
 * <p>Kernels are reordered on the way: PyTorch's [out, in, size, size] becomes [size · size · in, out].
 *
 * @param scale factor of each channel, [out]
 * @param bias added to every pixel, [out]
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BatchNormFolding(float[] scale, float[] bias) {

    /** Added to a batch norm's variance (PyTorch's default, which CLIP uses). */
    public static final double EPSILON = 1e-5;

    /** Returns the folding of a norm's four vectors, [channels] each. */
    static BatchNormFolding of(float[] gain, float[] bias, float[] mean, float[] variance) {
        float[] scale = new float[gain.length];
        float[] rest = new float[gain.length];
        for (int c = 0; c < scale.length; c++) {
            double factor = gain[c] / Math.sqrt(variance[c] + EPSILON);
            scale[c] = (float) factor;
            rest[c] = (float) (bias[c] - mean[c] * factor);
        }
        return new BatchNormFolding(scale, rest);
    }

    /**
     * Returns the kernel with the norm's scale, reordered.
     *
     * @param kernel [out, in, taps], the taps row by row
     * @return [taps, in, out]
     */
    float[] scaled(float[] kernel, int taps) {
        int out = scale.length;
        float[] result = reversed(kernel, out, taps);
        for (int i = 0; i < result.length; i++) {
            result[i] *= scale[i % out];
        }
        return result;
    }

    /**
     * Returns a kernel with its axes in the reverse order: [first, middle, last] → [last, middle, first].
     */
    public static float[] reversed(float[] kernel, int first, int last) {
        int middle = kernel.length / (first * last);
        float[] result = new float[kernel.length];
        int next = 0;
        for (int l = 0; l < last; l++) {
            for (int m = 0; m < middle; m++) {
                for (int f = 0; f < first; f++) {
                    result[next++] = kernel[(f * middle + m) * last + l];
                }
            }
        }
        return result;
    }
}
