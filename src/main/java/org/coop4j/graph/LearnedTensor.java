package org.coop4j.graph;

import java.util.Arrays;

/** A tensor that is learned: its values, and their gradient as the last step gave it. */
public final class LearnedTensor {

    private final String name;
    private final long[] shape;
    private final float[] values;
    private final float[] gradient;

    private LearnedTensor(String name, float[] values, long[] shape) {
        this.name = name;
        this.shape = shape.clone();
        this.values = values;
        this.gradient = new float[values.length];
    }

    /**
     * A tensor that begins as these values, which are not copied.
     *
     * @param name its name in graphs and files, such as {@code ctx}
     * @throws IllegalArgumentException unless the shape has as many elements as there are values
     */
    public static LearnedTensor of(String name, float[] values, long... shape) {
        long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (length != values.length) {
            throw new IllegalArgumentException("%s: expected %d values for shape %s, got %d"
                    .formatted(name, length, Arrays.toString(shape), values.length));
        }
        return new LearnedTensor(name, values, shape);
    }

    /** A tensor of zeros. */
    public static LearnedTensor zeros(String name, long... shape) {
        long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        return of(name, new float[Math.toIntExact(length)], shape);
    }

    /** Its name in graphs and files. */
    public String name() {
        return name;
    }

    /** A copy of its shape. */
    public long[] shape() {
        return shape.clone();
    }

    /** The values themselves, row after row; an optimizer changes them between steps. */
    public float[] values() {
        return values;
    }

    /** The gradient itself, in the order of the values. */
    public float[] gradient() {
        return gradient;
    }
}
