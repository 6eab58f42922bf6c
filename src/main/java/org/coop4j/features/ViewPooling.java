package org.coop4j.features;

import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;

/** Pools, averages or selects the views of each image. */
final class ViewPooling {

    private ViewPooling() {}

    /** Returns each view as an image of its own, in the order [image, view]. */
    static FeatureSet pooled(FeatureSet images) {
        int views = images.views();
        return views == 1
                ? images
                : new DenseFeatures(
                        images.width(),
                        1,
                        rows(images, 0),
                        IntStream.range(0, images.size() * views)
                                .map(i -> images.label(i / views))
                                .toArray());
    }

    /** Returns the same images with their views rotated by one, so that the second comes first. */
    static FeatureSet fromSecond(FeatureSet images) {
        return images.views() == 1
                ? images
                : new DenseFeatures(images.width(), images.views(), rows(images, 1), images.labels());
    }

    /** Returns all views of all images, beginning with view {@code first}, [image, view, width]. */
    private static float[] rows(FeatureSet images, int first) {
        int width = images.width();
        int views = images.views();
        float[] rows = Heap.floats(images.size() * views, width);
        for (int i = 0; i < images.size() * views; i++) {
            images.copy(i / views, i % views + first, rows, i * width);
        }
        return rows;
    }

    /** Returns the first view of each image. */
    static FeatureSet first(FeatureSet images) {
        return images.select(IntStream.range(0, images.size()).toArray());
    }

    /** Returns the mean of each image's views, not normalised, [images, width]. */
    static FeatureMatrix mean(FeatureSet images) {
        int width = images.width();
        float[] means = Heap.floats(images.size(), width);
        float[] row = new float[width];
        for (int i = 0; i < images.size(); i++) {
            for (int view = 0; view < images.views(); view++) {
                images.copy(i, view, row, 0);
                for (int j = 0; j < width; j++) {
                    means[i * width + j] += row[j] / images.views();
                }
            }
        }
        return FeatureMatrix.of(images.size(), width, means);
    }

    /** Returns the sum of the normalised features of all views of each class's images, [classes, width]. */
    static FeatureMatrix sums(FeatureSet images, int classes) {
        int width = images.width();
        float[] sums = Heap.floats(classes, width);
        float[] row = new float[width];
        for (int i = 0; i < images.size(); i++) {
            for (int view = 0; view < images.views(); view++) {
                images.copyNormalized(i, view, row, 0);
                for (int j = 0; j < width; j++) {
                    sums[images.label(i) * width + j] += row[j];
                }
            }
        }
        return FeatureMatrix.of(classes, width, sums);
    }
}
