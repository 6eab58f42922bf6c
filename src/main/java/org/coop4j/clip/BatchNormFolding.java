package org.coop4j.clip;

import org.coop4j.graph.op.BatchNorm;

/**
 * A batch norm with fixed statistics as part of the convolution before it: (w ∗ x − mean) /
 * √(variance + 1e-5) · gain + bias is one convolution with other weights and a bias.
 *
 * <p>Kernels are reordered on the way: PyTorch's [out, in, size, size] becomes [size · size · in,
 * out].
 */
final class BatchNormFolding {

    private final float[] scale;
    private final float[] bias;

    private BatchNormFolding(float[] scale, float[] bias) {
        this.scale = scale;
        this.bias = bias;
    }

    /** Of a norm's four vectors, [channels] each. */
    static BatchNormFolding of(float[] gain, float[] bias, float[] mean, float[] variance) {
        float[] scale = new float[gain.length];
        float[] rest = new float[gain.length];
        for (int c = 0; c < scale.length; c++) {
            double factor = gain[c] / Math.sqrt(variance[c] + BatchNorm.EPSILON);
            scale[c] = (float) factor;
            rest[c] = (float) (bias[c] - mean[c] * factor);
        }
        return new BatchNormFolding(scale, rest);
    }

    /** What is added to every pixel, [out]. */
    float[] bias() {
        return bias.clone();
    }

    /**
     * The kernel with the norm's scale, reordered.
     *
     * @param kernel [out, in, taps], the taps row by row
     * @return [taps, in, out]
     */
    float[] scaled(float[] kernel, int taps) {
        int out = scale.length;
        float[] result = reordered(kernel, out, taps);
        for (int i = 0; i < result.length; i++) {
            result[i] *= scale[i % out];
        }
        return result;
    }

    /** [out, in, taps] → [taps, in, out]. */
    static float[] reordered(float[] kernel, int out, int taps) {
        int in = kernel.length / (out * taps);
        float[] result = new float[kernel.length];
        int next = 0;
        for (int tap = 0; tap < taps; tap++) {
            for (int i = 0; i < in; i++) {
                for (int o = 0; o < out; o++) {
                    result[next++] = kernel[(o * in + i) * taps + tap];
                }
            }
        }
        return result;
    }

    /** [taps, in, out] → [out, in, taps]: undoes {@link #reordered}. */
    static float[] originalOrder(float[] kernel, int out, int taps) {
        int in = kernel.length / (out * taps);
        float[] result = new float[kernel.length];
        int next = 0;
        for (int tap = 0; tap < taps; tap++) {
            for (int i = 0; i < in; i++) {
                for (int o = 0; o < out; o++) {
                    result[(o * in + i) * taps + tap] = kernel[next++];
                }
            }
        }
        return result;
    }
}
