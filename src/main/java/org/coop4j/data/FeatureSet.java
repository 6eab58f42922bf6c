package org.coop4j.data;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;

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

    /** Returns a set of no images. */
    static FeatureSet none(int width) {
        return new DenseFeatures(width, 1, new float[0], new int[0]);
    }

    /** Returns the features of some images, in the order of the positions. */
    default FeatureSet select(int[] positions) {
        float[] rows = new float[Math.multiplyExact(positions.length, width())];
        for (int i = 0; i < positions.length; i++) {
            copy(positions[i], 0, rows, i * width());
        }
        int[] labels = IntStream.of(positions).map(this::label).toArray();
        return new DenseFeatures(width(), 1, rows, labels);
    }

    /** Returns the first images of each class; all for 0. */
    default FeatureSet first(int each) {
        Map<Integer, Integer> seen = new HashMap<>();
        return each == 0 ? this : where(label -> seen.merge(label, 1, Integer::sum) <= each);
    }

    /** Returns the images of all other classes; labels above that of the class are decreased by one. */
    default FeatureSet withoutClass(int label) {
        FeatureSet rest = where(other -> other != label);
        return of(rest.matrix(), IntStream.of(rest.labels()).map(l -> l > label ? l - 1 : l));
    }

    private FeatureSet where(IntPredicate label) {
        return select(
                IntStream.range(0, size()).filter(i -> label.test(label(i))).toArray());
    }

    /** Returns the features of both, those of the first before those of the second. */
    static FeatureSet joined(FeatureSet first, FeatureSet second) {
        int size = Math.addExact(first.size(), second.size());
        FloatBuffer rows = FloatBuffer.allocate(Math.multiplyExact(size, first.width()))
                .put(first.matrix().toArray())
                .put(second.matrix().toArray());
        return of(
                FeatureMatrix.of(size, first.width(), rows.array()),
                IntStream.concat(IntStream.of(first.labels()), IntStream.of(second.labels())));
    }

    /** Returns labelled rows as a set. */
    static FeatureSet of(FeatureMatrix rows, IntStream labels) {
        return new DenseFeatures(rows.width(), 1, rows.toArray(), labels.toArray());
    }

    /** Returns the features as the image tower made them, one row per image. */
    default FeatureMatrix matrix() {
        float[] rows = new float[Math.multiplyExact(size(), width())];
        for (int i = 0; i < size(); i++) {
            copy(i, 0, rows, i * width());
        }
        return FeatureMatrix.of(size(), width(), rows);
    }

    /** Returns features of a kind of these images, whose rows are its input, such as pixels, in all views. */
    default FeatureSet encoded(Clip clip, FeatureKind kind) throws IOException {
        FeatureMatrix features = clip.imageEncoder(kind)
                .encode(size() * views(), (i, target, offset) -> {
                    float[] pixels = new float[width()];
                    copy(i / views(), i % views(), pixels, 0);
                    target.put(offset, pixels);
                })
                .all();
        return new DenseFeatures(features.width(), views(), features.toArray(), labels());
    }

    /**
     * A set of features in one array, which is not copied.
     *
     * @param rows [images, views, width], as the image tower made them
     * @param labels label of each image, counted from 0
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record DenseFeatures(int width, int views, float[] rows, int[] labels) implements FeatureSet {

        /** Checks that the sizes agree and no label is negative. */
        public DenseFeatures {
            Require.that(
                    width >= 1 && views >= 1,
                    "expected a width and a number of views of 1 or more, got %d and %d",
                    width,
                    views);
            long expected = (long) labels.length * views * width;
            Require.that(
                    rows.length == expected,
                    "%d images of %d views of width %d take %d numbers, got %d",
                    labels.length,
                    views,
                    width,
                    expected,
                    rows.length);
            for (int i = 0; i < labels.length; i++) {
                Require.that(labels[i] >= 0, "label %d of image %d is negative", labels[i], i);
            }
        }

        @Override
        public int size() {
            return labels.length;
        }

        @Override
        public int[] labels() {
            return labels.clone();
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
