package org.coop4j.graph;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.coop4j.base.Require;

/**
 * A learned tensor, with its gradient of the last step.
 *
 * @param name in graphs and files, such as {@code ctx}
 * @param shape not to be changed
 * @param values the values themselves, row after row; an optimizer changes them between steps
 * @param gradient the gradient itself, in the order of the values
 */
@SuppressWarnings("ArrayRecordComponent") // compared by identity
public record LearnedTensor(String name, long[] shape, float[] values, float[] gradient) {

    /**
     * Returns a tensor that starts as these values, which are not copied.
     *
     * @throws IllegalArgumentException unless the shape has as many elements as there are values
     */
    public static LearnedTensor of(String name, float[] values, long... shape) {
        Require.that(
                length(shape) == values.length,
                "%s: expected %d values for shape %s, got %d",
                name,
                length(shape),
                Arrays.toString(shape),
                values.length);
        return new LearnedTensor(name, shape, values, new float[values.length]);
    }

    /** Returns a tensor of zeros. */
    public static LearnedTensor zeros(String name, long... shape) {
        return of(name, new float[Math.toIntExact(length(shape))], shape);
    }

    /** Returns a tensor as PyTorch initialises it in linear layers: uniform within ±1/√(width of the input). */
    public static LearnedTensor uniform(SplittableRandom random, int fanIn, String name, long... shape) {
        LearnedTensor tensor = zeros(name, shape);
        double bound = 1 / Math.sqrt(fanIn);
        for (int i = 0; i < tensor.values.length; i++) {
            tensor.values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
        return tensor;
    }

    private static long length(long[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
}
