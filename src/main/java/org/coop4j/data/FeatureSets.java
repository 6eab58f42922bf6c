package org.coop4j.data;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;

/** Subsets and unions of sets of features, with view 0 of each image. */
public final class FeatureSets {

    private FeatureSets() {}

    /** Returns a set of no images. */
    public static FeatureSet none(int width) {
        return DenseFeatures.of(width, 1, new float[0], new int[0]);
    }

    /** Returns the features of some images, in the order of the positions. */
    public static FeatureSet select(FeatureSet images, int[] positions) {
        float[] rows = new float[Math.multiplyExact(positions.length, images.width())];
        for (int i = 0; i < positions.length; i++) {
            images.copy(positions[i], 0, rows, i * images.width());
        }
        return DenseFeatures.of(
                images.width(),
                1,
                rows,
                Arrays.stream(positions).map(images::label).toArray());
    }

    /** Returns the first images of each class; all for 0. */
    public static FeatureSet first(FeatureSet images, int each) {
        if (each == 0) {
            return images;
        }
        Map<Integer, Integer> seen = new HashMap<>();
        return select(
                images,
                IntStream.range(0, images.size())
                        .filter(i -> seen.merge(images.label(i), 1, Integer::sum) <= each)
                        .toArray());
    }

    /** Returns the images of all other classes; labels above that of the class are decreased by one. */
    public static FeatureSet withoutClass(FeatureSet images, int label) {
        FeatureSet rest = select(
                images,
                IntStream.range(0, images.size())
                        .filter(i -> images.label(i) != label)
                        .toArray());
        return DenseFeatures.of(
                rest.width(),
                1,
                matrix(rest).toArray(),
                Arrays.stream(rest.labels()).map(l -> l > label ? l - 1 : l).toArray());
    }

    /** Returns the features of both, those of the first before those of the second. */
    public static FeatureSet joined(FeatureSet first, FeatureSet second) {
        int width = first.width();
        float[] rows = new float[Math.multiplyExact(first.size() + second.size(), width)];
        int[] labels = Arrays.copyOf(first.labels(), first.size() + second.size());
        for (int i = 0; i < labels.length; i++) {
            if (i < first.size()) {
                first.copy(i, 0, rows, i * width);
            } else {
                second.copy(i - first.size(), 0, rows, i * width);
                labels[i] = second.label(i - first.size());
            }
        }
        return DenseFeatures.of(width, 1, rows, labels);
    }

    /** Returns the features as the image tower made them, one row per image. */
    public static FeatureMatrix matrix(FeatureSet images) {
        float[] rows = new float[Math.multiplyExact(images.size(), images.width())];
        for (int i = 0; i < images.size(); i++) {
            images.copy(i, 0, rows, i * images.width());
        }
        return FeatureMatrix.of(images.size(), images.width(), rows);
    }

    /** A set of features in one array. */
    public static final class DenseFeatures implements FeatureSet {

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
         * Wraps features without copying them.
         *
         * @param rows [images, views, width], as the image tower made them
         * @param labels label of each image, counted from 0
         * @throws IllegalArgumentException if the sizes do not fit or a label is negative
         */
        public static DenseFeatures of(int width, int views, float[] rows, int[] labels) {
            if (width < 1 || views < 1) {
                throw new IllegalArgumentException(
                        "expected a width and a number of views of 1 or more, got %d and %d".formatted(width, views));
            }
            long expected = (long) labels.length * views * width;
            if (rows.length != expected) {
                throw new IllegalArgumentException("%d images of %d views of width %d take %d numbers, got %d"
                        .formatted(labels.length, views, width, expected, rows.length));
            }
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] < 0) {
                    throw new IllegalArgumentException("label %d of image %d is negative".formatted(labels[i], i));
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
}
