package org.coop4j.method.logistic;

import java.util.Arrays;

/** Image features with their labels: a matrix [n, d] in row-major order and n labels. */
public final class LabelledFeatures {
    private final int dimension;
    private final float[] values; // [n, d]
    private final int[] labels; // [n]

    /**
     * Wraps features without copying them.
     *
     * @param dimension d, the features of an image
     * @param values the features, image after image
     * @param labels the class of each image, counted from 0
     * @throws IllegalArgumentException if the sizes disagree or a feature is not finite
     */
    public LabelledFeatures(int dimension, float[] values, int[] labels) {
        if (dimension < 1 || (long) dimension * labels.length != values.length) {
            throw new IllegalArgumentException(
                    "%d values are not %d images of %d features".formatted(values.length, labels.length, dimension));
        }
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("feature %d of image %d is %s: encode the images again"
                        .formatted(i % dimension, i / dimension, values[i]));
            }
        }
        for (int label : labels) {
            if (label < 0) {
                throw new IllegalArgumentException("label " + label + " is negative");
            }
        }
        this.dimension = dimension;
        this.values = values;
        this.labels = labels;
    }

    /** Returns d, the features of an image. */
    public int dimension() {
        return dimension;
    }

    /** Returns n, the number of images. */
    public int count() {
        return labels.length;
    }

    /** Returns the class of an image. */
    public int label(int image) {
        return labels[image];
    }

    /** Returns the labels of all images. */
    public int[] labels() {
        return labels.clone();
    }

    /** Returns one feature of an image. */
    public float value(int image, int feature) {
        return values[image * dimension + feature];
    }

    /** Returns a copy of some images' features, in the order of the positions. */
    public LabelledFeatures select(int[] positions) {
        float[] selected = new float[positions.length * dimension];
        for (int i = 0; i < positions.length; i++) {
            System.arraycopy(values, positions[i] * dimension, selected, i * dimension, dimension);
        }
        return new LabelledFeatures(
                dimension,
                selected,
                Arrays.stream(positions).map(p -> labels[p]).toArray());
    }

    /** Returns the labels that occur, ascending. */
    public int[] distinctLabels() {
        return Arrays.stream(labels).sorted().distinct().toArray();
    }
}
