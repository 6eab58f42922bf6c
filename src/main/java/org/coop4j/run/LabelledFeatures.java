package org.coop4j.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.method.Classifier;

/** Labelled images' features in memory, to score many classifiers on. */
public final class LabelledFeatures {

    private final Images shared;
    private final String what;
    private final List<HashedImage> images;
    private final int[] labels;
    private final FeatureMatrix features;
    private final FeatureMatrix normalized;
    private FeatureMatrix beforeProjection; // encoded when first needed

    private LabelledFeatures(Images shared, String what, List<HashedImage> images, FeatureMatrix features) {
        this.shared = shared;
        this.what = what;
        this.images = images;
        this.labels = images.stream().mapToInt(image -> image.image().label()).toArray();
        this.features = features;
        this.normalized = features.normalized();
    }

    /**
     * Copies view 0 of each image.
     *
     * @param what a phrase for the images, such as "val images"
     */
    LabelledFeatures(Images shared, String what, ImageFeatures images) {
        this(shared, what, images.images(), images.matrix());
    }

    /** Returns the features of no images. */
    static LabelledFeatures none(Images shared, String what) {
        FeatureMatrix nothing = FeatureMatrix.of(0, shared.space().embedDim(), new float[0]);
        return new LabelledFeatures(shared, what, List.of(), nothing);
    }

    /** Returns the number of images. */
    public int size() {
        return labels.length;
    }

    /** Returns the images with the hashes of their contents. */
    public List<HashedImage> images() {
        return images;
    }

    /** Returns the label of each image. */
    public int[] labels() {
        return labels.clone();
    }

    /** Returns the features as the image tower made them, [images, width]. */
    public FeatureMatrix features() {
        return features;
    }

    /** Returns the images except those at some positions. */
    public LabelledFeatures without(List<Integer> positions) {
        Set<Integer> leftOut = Set.copyOf(positions);
        int[] rows =
                IntStream.range(0, size()).filter(i -> !leftOut.contains(i)).toArray();
        List<HashedImage> rest = Arrays.stream(rows).mapToObj(images::get).toList();
        return new LabelledFeatures(shared, what, rest, features.rows(rows));
    }

    /**
     * Returns features of a kind, [images, width of the kind], encoding those before the projection when first needed.
     */
    synchronized FeatureMatrix features(FeatureKind kind, Progress progress) throws IOException {
        if (kind == FeatureKind.EMBEDDED) {
            return features;
        }
        if (images.isEmpty()) {
            int width =
                    shared.space().towers().map(clip -> clip.featureWidth(kind)).orElse(0);
            return FeatureMatrix.of(0, width, new float[0]);
        }
        if (beforeProjection == null) {
            List<LabelledImage> readable =
                    images.stream().map(HashedImage::image).toList();
            ImageFeatures encoded = shared.encode(Sample.NONE, kind, readable, what, true, progress);
            InputException.require(
                    encoded.size() == size(),
                    "%d of %d images have become unreadable: run again",
                    size() - encoded.size(),
                    size());
            beforeProjection = encoded.matrix();
        }
        return beforeProjection;
    }

    /** Returns the features of all images. */
    public FeatureSet all() {
        return FeatureSet.of(features, IntStream.of(labels));
    }

    /** Returns features of a kind of all images, encoding them if necessary. */
    public FeatureSet all(FeatureKind kind, Progress progress) throws IOException {
        return FeatureSet.of(features(kind, progress), IntStream.of(labels));
    }

    /** Returns the features of some of the images, in the order of the positions. */
    public FeatureSet select(List<Integer> positions) {
        return all().select(positions.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Returns the logits of a classifier. */
    public Scores scores(Classifier classifier) {
        try {
            FeatureMatrix rows = features(classifier.features(), Progress.NONE);
            return new Scores(labels, classifier.logits(rows).toRows());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the logits, scale · cosine of each image with each class.
     *
     * @param weights normalised class weights, one row per class
     * @param scale exp(logit_scale)
     */
    public Scores scores(FeatureMatrix weights, float scale) {
        return new Scores(labels, normalized.products(weights).times(scale).toRows());
    }
}
