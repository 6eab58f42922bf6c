package org.coop4j.method;

import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.FeatureSets.DenseFeatures;

/** What methods make of several views of an image. */
final class Views {

    private Views() {}

    /** Each view an image of its own, in the order [image, view]. */
    static FeatureSet pooled(FeatureSet images) {
        if (images.views() == 1) {
            return images;
        }
        int width = images.width();
        int views = images.views();
        float[] rows = new float[Math.multiplyExact(images.size() * views, width)];
        int[] labels = new int[images.size() * views];
        for (int i = 0; i < labels.length; i++) {
            images.copy(i / views, i % views, rows, i * width);
            labels[i] = images.label(i / views);
        }
        return DenseFeatures.of(width, 1, rows, labels);
    }

    /** The same images, whose views begin with the second. */
    static FeatureSet fromSecond(FeatureSet images) {
        return new FeatureSet() {
            @Override
            public int size() {
                return images.size();
            }

            @Override
            public int views() {
                return images.views();
            }

            @Override
            public int width() {
                return images.width();
            }

            @Override
            public int label(int i) {
                return images.label(i);
            }

            @Override
            public void copy(int i, int view, float[] target, int offset) {
                images.copy(i, view + 1, target, offset);
            }
        };
    }

    /** The first view of each image alone. */
    static FeatureSet first(FeatureSet images) {
        float[] rows = FeatureSets.matrix(images).toArray();
        return DenseFeatures.of(images.width(), 1, rows, images.labels());
    }

    /** The mean of each image's views as the image tower gave them, [images, width]. */
    static FeatureMatrix mean(FeatureSet images) {
        int width = images.width();
        float[] means = new float[Math.multiplyExact(images.size(), width)];
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

    /** The sum of the normalised features of each class, all views of them, [classes, width]. */
    static FeatureMatrix sums(FeatureSet images, int classes) {
        int width = images.width();
        float[] sums = new float[Math.multiplyExact(classes, width)];
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

    /** One view of each image divided by its norm, [images, width]. */
    static FeatureMatrix normalized(FeatureSet images, int view) {
        int width = images.width();
        float[] rows = new float[Math.multiplyExact(images.size(), width)];
        for (int i = 0; i < images.size(); i++) {
            images.copyNormalized(i, view, rows, i * width);
        }
        return FeatureMatrix.of(images.size(), width, rows);
    }
}
