package org.coop4j.image;

/**
 * The fixed-point weights of Pillow's bicubic resize along one axis, for a window of its outputs.
 *
 * <p>Output {@code i} is the sum over {@code k < count[i]} of {@code weights[i * stride + k]} times
 * input {@code first[i] + k}, in units of 2<sup>-22</sup> (Pillow, {@code Resample.c}: {@code
 * precompute_coeffs} and {@code normalize_coeffs_8bpc}).
 */
final class BicubicKernel {
    /** Fractional bits of a weight: 32 less 8 for the pixel less 2 for sign and overshoot. */
    static final int PRECISION = 22;

    static final int HALF = 1 << (PRECISION - 1);

    private static final double SUPPORT = 2;
    private static final double A = -0.5;

    /** First input of each output. */
    final int[] first;

    /** Number of inputs of each output. */
    final int[] count;

    /** Distance between the weights of one output and the next. */
    final int stride;

    /** [outputs, stride]. */
    final int[] weights;

    private BicubicKernel(int[] first, int[] count, int stride, int[] weights) {
        this.first = first;
        this.count = count;
        this.stride = stride;
        this.weights = weights;
    }

    /**
     * Computes the weights.
     *
     * @param inputs length of the input axis
     * @param outputs length of the whole output axis
     * @param from first output wanted
     * @param wanted number of outputs wanted
     */
    static BicubicKernel of(int inputs, int outputs, int from, int wanted) {
        double scale = (double) inputs / outputs;
        double filterScale = Math.max(scale, 1);
        double support = SUPPORT * filterScale;
        int stride = Math.min(inputs, (int) Math.ceil(support) * 2 + 1);
        int[] first = new int[wanted];
        int[] count = new int[wanted];
        int[] weights = new int[Math.multiplyExact(wanted, stride)];
        double[] row = new double[stride];
        for (int i = 0; i < wanted; i++) {
            double center = (from + i + 0.5) * scale;
            int low = Math.max(0, (int) (center - support + 0.5));
            int high = Math.min(inputs, (int) (center + support + 0.5));
            first[i] = low;
            count[i] = high - low;
            fill(row, count[i], low - center, 1 / filterScale);
            for (int k = 0; k < count[i]; k++) {
                weights[i * stride + k] = fixedPoint(row[k]);
            }
        }
        return new BicubicKernel(first, count, stride, weights);
    }

    /** Puts the weights of one output, which sum to 1, into the row. */
    private static void fill(double[] row, int count, double offset, double inverseScale) {
        double sum = 0;
        for (int k = 0; k < count; k++) {
            row[k] = cubic((k + offset + 0.5) * inverseScale);
            sum += row[k];
        }
        for (int k = 0; k < count && sum != 0; k++) {
            row[k] /= sum;
        }
    }

    /** Keys' cubic convolution with a = -0.5. */
    private static double cubic(double signed) {
        double x = Math.abs(signed);
        if (x < 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        if (x < 2) {
            return (((x - 5) * x + 8) * x - 4) * A;
        }
        return 0;
    }

    private static int fixedPoint(double weight) {
        double scaled = weight * (1 << PRECISION);
        return (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
}
