package org.coop4j.data;

/** Features in one array. */
public final class DenseFeatures implements FeatureSet {

    private final int width;
    private final int views;
    private final float[] rows;
    private final int[] labels;

    private DenseFeatures(int width, int views, float[] rows, int[] labels) {
        this.width = width;
        this.views = views;
        this.rows = rows;
        this.labels = labels;
    }

    /**
     * Takes features without copying them.
     *
     * @param rows [images, views, width], as the image tower gave them
     * @param labels class of each image, counted from 0
     * @throws IllegalArgumentException if the sizes do not fit or a label is negative
     */
    public static DenseFeatures of(int width, int views, float[] rows, int[] labels) {
        if (width < 1 || views < 1) {
            throw new IllegalArgumentException(
                    "expected a width and a number of views of 1 or more, got %d and %d"
                            .formatted(width, views));
        }
        long expected = (long) labels.length * views * width;
        if (rows.length != expected) {
            throw new IllegalArgumentException(
                    "%d images of %d views of width %d take %d numbers, got %d"
                            .formatted(labels.length, views, width, expected, rows.length));
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0) {
                throw new IllegalArgumentException(
                        "label %d of image %d is negative".formatted(labels[i], i));
            }
        }
        return new DenseFeatures(width, views, rows, labels);
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public int views() {
        return views;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int label(int i) {
        return labels[i];
    }

    @Override
    public void copy(int i, int view, float[] target, int offset) {
        System.arraycopy(rows, (i * views + view % views) * width, target, offset, width);
    }
}
