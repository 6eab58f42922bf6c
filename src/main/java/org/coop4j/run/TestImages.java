package org.coop4j.run;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.DenseFeatures;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.data.bank.HashedImage;
import org.coop4j.method.Classifier;

/** Labelled images' features in memory, to score many classifiers on. */
public final class TestImages {

    private final List<HashedImage> images;
    private final int[] labels;
    private final FeatureMatrix features;
    private final FeatureMatrix normalized;

    private TestImages(List<HashedImage> images, int[] labels, FeatureMatrix features) {
        this.images = images;
        this.labels = labels;
        this.features = features;
        this.normalized = features.normalized();
    }

    /** Copies view 0 of each image. */
    public static TestImages of(BankedImages images) {
        int n = images.size();
        int width = images.width();
        float[] rows = new float[Math.multiplyExact(n, width)];
        for (int i = 0; i < n; i++) {
            images.copy(i, 0, rows, i * width);
        }
        return new TestImages(images.hashed(), images.labels(), FeatureMatrix.of(n, width, rows));
    }

    /** No images. */
    static TestImages none(int width) {
        return new TestImages(List.of(), new int[0], FeatureMatrix.of(0, width, new float[0]));
    }

    /** Number of images. */
    public int size() {
        return labels.length;
    }

    /** The images with the hashes of their contents. */
    public List<HashedImage> images() {
        return images;
    }

    /** The classes of all images. */
    public int[] labels() {
        return labels.clone();
    }

    /** The features as the image tower gave them, [images, width]. */
    public FeatureMatrix features() {
        return features;
    }

    /** The images but those at some positions. */
    public TestImages without(List<Integer> positions) {
        Set<Integer> leftOut = new HashSet<>(positions);
        int[] rows = IntStream.range(0, size()).filter(i -> !leftOut.contains(i)).toArray();
        return new TestImages(
                Arrays.stream(rows).mapToObj(images::get).toList(),
                Arrays.stream(rows).map(row -> labels[row]).toArray(),
                features.rows(rows));
    }

    /** The features of all images. */
    public FeatureSet all() {
        return select(IntStream.range(0, size()).boxed().toList());
    }

    /** The features of some of the images, in the order of the positions. */
    public FeatureSet select(List<Integer> positions) {
        int[] rows = positions.stream().mapToInt(Integer::intValue).toArray();
        return DenseFeatures.of(
                features.width(),
                1,
                features.rows(rows).toArray(),
                Arrays.stream(rows).map(row -> labels[row]).toArray());
    }

    /** The logits of a classifier. */
    public Scores scores(Classifier classifier) {
        return Scores.of(labels, classifier.logits(features).toRows());
    }

    /**
     * logits = scale · cosine of each image with each class.
     *
     * @param weights normalised class weights, one row a class
     * @param scale exp(logit_scale)
     */
    public Scores scores(FeatureMatrix weights, float scale) {
        float[][] logits = new float[labels.length][weights.rows()];
        IntStream.range(0, labels.length)
                .parallel()
                .forEach(
                        i -> {
                            for (int c = 0; c < weights.rows(); c++) {
                                logits[i][c] = scale * normalized.dot(i, weights, c);
                            }
                        });
        return Scores.of(labels, logits);
    }
}
