package org.coop4j.method;

import java.util.List;
import org.coop4j.clip.FeatureKind;

/**
 * A classifier of what an adapter makes of images' features.
 *
 * @param features what is adapted
 * @param classifier of adapted features, whose file holds the adapter too
 */
record AdaptedImages(Classifier classifier, FeatureKind features, Adapter adapter)
        implements Classifier {

    /** Makes other features of an image's. */
    interface Adapter {

        /**
         * Adapts images.
         *
         * @param images features as the image tower gave them, one row an image
         */
        <T> T adapted(LogitGraph<T> graph, T images);
    }

    @Override
    public <T> T logits(LogitGraph<T> graph, T images) {
        return classifier.logits(graph, adapter.adapted(graph, images));
    }

    @Override
    public Classifier forClasses(List<String> names) {
        return new AdaptedImages(classifier.forClasses(names), features, adapter);
    }

    @Override
    public ClassifierFile save() {
        return classifier.save();
    }
}
