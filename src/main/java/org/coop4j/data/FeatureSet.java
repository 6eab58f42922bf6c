package org.coop4j.data;

/**
 * Features of labelled images, one row of {@link #width} numbers for each view of each image.
 *
 * <p>Safe for use by several threads.
 */
public interface FeatureSet {

    /** Returns the number of images. */
    int size();

    /** Returns the number of views of each image, 1 or more. */
    int views();

    /** Returns the length of a row. */
    int width();

    /** Returns the label of image {@code i}, counted from 0. */
    int label(int i);

    /**
     * Copies a row as the image tower made it.
     *
     * @param view number of the view, modulo {@link #views}, so that an epoch's number can be used
     * @param offset position of the row in the target
     */
    void copy(int i, int view, float[] target, int offset);

    /** Copies a row divided by its Euclidean norm; the arguments are those of {@link #copy}. */
    default void copyNormalized(int i, int view, float[] target, int offset) {
        copy(i, view, target, offset);
        int end = offset + width();
        double square = 0;
        for (int j = offset; j < end; j++) {
            square += (double) target[j] * target[j];
        }
        double inverse = 1 / Math.sqrt(square);
        for (int j = offset; j < end; j++) {
            target[j] = (float) (target[j] * inverse);
        }
    }

    /** Returns the labels of all images, in a new array. */
    default int[] labels() {
        int[] labels = new int[size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = label(i);
        }
        return labels;
    }
}
