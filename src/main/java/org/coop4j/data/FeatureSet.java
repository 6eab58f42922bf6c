package org.coop4j.data;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.clip.ImageEncoder.PixelSource;
import org.coop4j.eval.Labels;

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

    /** Returns the labels of image {@code i}. */
    Labels labels(int i);

    /** Returns the single label of image {@code i}, counted from 0. */
    default int label(int i) {
        return labels(i).single();
    }

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

    /** Returns the labels of all images. */
    default List<Labels> labelSets() {
        return IntStream.range(0, size()).mapToObj(this::labels).toList();
    }

    /** Returns the single labels of all images, in a new array. */
    default int[] labels() {
        int[] labels = new int[size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = label(i);
        }
        return labels;
    }

    /** Returns a set of no images. */
    static FeatureSet none(int width) {
        return new DenseFeatures(width, 1, new float[0], List.of());
    }

    /** Returns the features of some images, in the order of the positions. */
    default FeatureSet select(int[] positions) {
        List<Labels> labels = IntStream.of(positions).mapToObj(this::labels).toList();
        return new DenseFeatures(width(), 1, copies(positions), labels);
    }

    /** Returns the first images of each class, of sets those with a class that is not yet in as many; all for 0. */
    default FeatureSet first(int each) {
        Map<Integer, Integer> seen = new HashMap<>();
        return each == 0
                ? this
                : where(labels -> {
                    int[] shown = labels.present();
                    boolean wanted = IntStream.of(shown).anyMatch(label -> seen.getOrDefault(label, 0) < each);
                    IntStream.of(wanted ? shown : new int[0]).forEach(label -> seen.merge(label, 1, Integer::sum));
                    return wanted;
                });
    }

    /** Returns at most so many images of each class, in their order, drawn at random with the same seed each time. */
    default FeatureSet drawn(int each) {
        int[] labels = labels();
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, labels.length).boxed().toList());
        Collections.shuffle(order, new Random(0));
        Map<Integer, Integer> seen = new HashMap<>();
        int[] drawn = order.stream()
                .filter(i -> seen.merge(labels[i], 1, Integer::sum) <= each)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        return drawn.length == labels.length ? this : select(drawn);
    }

    /** Returns the images of all other classes; labels above that of the class are decreased by one. */
    default FeatureSet withoutClass(int label) {
        FeatureSet rest = where(other -> other.single() != label);
        return of(rest.matrix(), IntStream.of(rest.labels()).map(l -> l > label ? l - 1 : l));
    }

    private FeatureSet where(Predicate<Labels> test) {
        return select(
                IntStream.range(0, size()).filter(i -> test.test(labels(i))).toArray());
    }

    /** Returns the features of both, those of the first before those of the second. */
    static FeatureSet joined(FeatureSet first, FeatureSet second) {
        int own = first.size();
        int size = Math.addExact(own, second.size());
        return new FeatureSet() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public int views() {
                return 1;
            }

            @Override
            public int width() {
                return first.width();
            }

            @Override
            public Labels labels(int i) {
                return i < own ? first.labels(i) : second.labels(i - own);
            }

            @Override
            public void copy(int i, int view, float[] target, int offset) {
                if (i < own) {
                    first.copy(i, 0, target, offset);
                } else {
                    second.copy(i - own, 0, target, offset);
                }
            }
        };
    }

    /** Returns rows with single labels as a set. */
    static FeatureSet of(FeatureMatrix rows, IntStream labels) {
        return new DenseFeatures(rows.width(), 1, rows.toArray(), labels.toArray());
    }

    /** Returns the features as the image tower made them, one row per image. */
    default FeatureMatrix matrix() {
        return matrixOf(IntStream.range(0, size()).toArray());
    }

    /** Returns the rows of the images at some positions, as the image tower made them. */
    default FeatureMatrix matrixOf(int... positions) {
        return FeatureMatrix.of(positions.length, width(), copies(positions));
    }

    private float[] copies(int... positions) {
        float[] rows = Heap.floats(positions.length, width());
        IntStream.range(0, positions.length).parallel().forEach(i -> copy(positions[i], 0, rows, i * width()));
        return rows;
    }

    /** Returns features of a kind of these images, whose rows are its input, such as pixels, in all views. */
    default FeatureSet encoded(Clip clip, FeatureKind kind) throws IOException {
        return encoded(clip, kind, Progress.NONE);
    }

    /** The same, which reports that it encodes. */
    default FeatureSet encoded(Clip clip, FeatureKind kind, Progress progress) throws IOException {
        ImageEncoder encoder = clip.imageEncoder(kind);
        int rows = size() * views();
        FloatBuffer features = FloatBuffer.allocate(Math.multiplyExact(rows, encoder.width()));
        try (Progress.Task task = progress.task("encoding by the trained tower", rows, Progress.Unit.IMAGES)) {
            for (int from = 0; from < rows; from += encoder.part()) {
                int first = from;
                int part = Math.min(encoder.part(), rows - from);
                PixelSource input = (i, target, offset) -> {
                    float[] row = new float[width()];
                    copy((first + i) / views(), (first + i) % views(), row, 0);
                    target.put(offset, row);
                };
                features.put(encoder.encode(part, input).all().toArray());
                task.advance(part);
            }
        }
        return new DenseFeatures(encoder.width(), views(), features.array(), labelSets());
    }

    /**
     * A set of features in one array, which is not copied.
     *
     * @param rows [images, views, width], as the image tower made them
     * @param labelSets labels of each image
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record DenseFeatures(int width, int views, float[] rows, List<Labels> labelSets) implements FeatureSet {

        /** Checks that the sizes agree. */
        public DenseFeatures {
            Require.that(
                    width >= 1 && views >= 1,
                    "expected a width and a number of views of 1 or more, got %d and %d",
                    width,
                    views);
            long expected = (long) labelSets.size() * views * width;
            Require.that(
                    rows.length == expected,
                    "%d images of %d views of width %d take %d numbers, got %d",
                    labelSets.size(),
                    views,
                    width,
                    expected,
                    rows.length);
            labelSets = List.copyOf(labelSets);
        }

        /** Features of images with single labels. */
        public DenseFeatures(int width, int views, float[] rows, int[] labels) {
            this(width, views, rows, Labels.singles(labels));
        }

        @Override
        public int size() {
            return labelSets.size();
        }

        @Override
        public Labels labels(int i) {
            return labelSets.get(i);
        }

        @Override
        public void copy(int i, int view, float[] target, int offset) {
            System.arraycopy(rows, (i * views + view % views) * width, target, offset, width);
        }
    }
}
