package org.coop4j.run;

import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.method.logistic.LabelledFeatures;

/** Labelled images' features in memory, to score many classifiers on. */
public final class TestImages {

    private final int[] labels;
    private final FeatureMatrix normalized;
    private final LabelledFeatures raw;

    private TestImages(int[] labels, FeatureMatrix normalized, LabelledFeatures raw) {
        this.labels = labels;
        this.normalized = normalized;
        this.raw = raw;
    }

    /** Copies the features, view 0 of each image, out of their bank. */
    public static TestImages of(BankedImages images) {
        int n = images.size();
        int width = images.width();
        int[] labels = new int[n];
        float[] normalized = new float[Math.multiplyExact(n, width)];
        float[] raw = new float[normalized.length];
        for (int i = 0; i < n; i++) {
            labels[i] = images.image(i).label();
            images.copyNormalized(i, 0, normalized, i * width);
            images.copy(i, 0, raw, i * width);
        }
        return new TestImages(
                labels,
                FeatureMatrix.of(n, width, normalized),
                new LabelledFeatures(width, raw, labels));
    }

    /** Number of images. */
    public int size() {
        return labels.length;
    }

    /** The classes of all images. */
    public int[] labels() {
        return labels.clone();
    }

    /** The class of an image. */
    public int label(int image) {
        return labels[image];
    }

    /** The features as the image tower gave them. */
    public LabelledFeatures raw() {
        return raw;
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
