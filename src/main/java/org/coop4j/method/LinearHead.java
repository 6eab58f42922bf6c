package org.coop4j.method;

import java.util.List;
import java.util.function.Function;
import org.coop4j.clip.FeatureMatrix;

/**
 * logits = scale · unit(x) · weightsᵀ + bias; where the weights are normalised, scaled cosines.
 *
 * @param weights class weights, one row per class
 * @param scale of the products, such as exp(logit_scale)
 * @param bias of each class
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LinearHead(FeatureMatrix weights, float scale, float[] bias) {

    /** Without a bias. */
    LinearHead(FeatureMatrix weights, float scale) {
        this(weights, scale, new float[weights.rows()]);
    }

    /** The logits of images, whose features are not normalised, [images, classes]. */
    <T> T logits(LogitGraph<T> graph, T images) {
        T products = graph.product(graph.unit(images), weights);
        return graph.plus(graph.times(products, scale), bias);
    }

    /**
     * The classifier of the head.
     *
     * @param others makes the classifier of other classes
     */
    Classifier classifier(ClassifierFile file, Function<List<String>, Classifier> others) {
        LinearHead head = this;
        return new Classifier() {
            @Override
            public <T> T logits(LogitGraph<T> graph, T images) {
                return head.logits(graph, images);
            }

            @Override
            public Classifier forClasses(List<String> names) {
                return names.equals(classNames()) ? this : others.apply(names);
            }

            @Override
            public ClassifierFile save() {
                return file;
            }
        };
    }
}
