package org.coop4j.data;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;

/** Parts and sums of sets of features; of each image view 0 alone. */
public final class FeatureSets {

    private FeatureSets() {}

    /** No images. */
    public static FeatureSet none(int width) {
        return DenseFeatures.of(width, 1, new float[0], new int[0]);
    }

    /** The features of some images, in the order of the positions. */
    public static FeatureSet select(FeatureSet images, int[] positions) {
        float[] rows = new float[Math.multiplyExact(positions.length, images.width())];
        for (int i = 0; i < positions.length; i++) {
            images.copy(positions[i], 0, rows, i * images.width());
        }
        return DenseFeatures.of(
                images.width(), 1, rows, Arrays.stream(positions).map(images::label).toArray());
    }

    /** The first images of each class; all for 0. */
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

    /** The images of all other classes; labels above that of the class are one less. */
    public static FeatureSet withoutClass(FeatureSet images, int label) {
        FeatureSet rest =
                select(
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

    /** The features of both, those of the second behind those of the first. */
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

    /** The features as the image tower gave them, a row an image. */
    public static FeatureMatrix matrix(FeatureSet images) {
        float[] rows = new float[Math.multiplyExact(images.size(), images.width())];
        for (int i = 0; i < images.size(); i++) {
            images.copy(i, 0, rows, i * images.width());
        }
        return FeatureMatrix.of(images.size(), images.width(), rows);
    }
}
