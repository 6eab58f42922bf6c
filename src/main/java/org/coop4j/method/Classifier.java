package org.coop4j.method;

import java.util.List;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;

/**
 * Image features in, logits out. Safe for use by several threads.
 *
 * <p>{@link #probabilities} are the softmax of the logits divided by a temperature, which was
 * fitted to images that it did not learn from where there were any.
 */
public interface Classifier extends AutoCloseable {

    /** The classes, in the order of the logits. */
    default List<String> classNames() {
        return save().classNames();
    }

    /** Which row of the image tower it takes of an image. */
    default FeatureKind features() {
        return FeatureKind.EMBEDDED;
    }

    /**
     * The logits of images, [images, classes].
     *
     * @param images rows of {@link #features}, as the image tower gave them, one row an image
     */
    default FeatureMatrix logits(FeatureMatrix images) {
        return logits(new LogitGraph.Matrices(), images);
    }

    /**
     * The logits as a graph of another format.
     *
     * @param images features as {@link #logits(FeatureMatrix)} takes them
     * @return [images, classes], up to a number that is the same for all classes of an image
     * @throws UnsupportedOperationException if it has no such form, saying why
     */
    <T> T logits(LogitGraph<T> graph, T images);

    /**
     * The classifier of other classes.
     *
     * @throws IllegalArgumentException if the method learns its classes alone and one of these is
     *     none of them, naming it
     */
    Classifier forClasses(List<String> names);

    /**
     * The probabilities of the classes, calibrated.
     *
     * @param logits of one image
     */
    default double[] probabilities(float[] logits) {
        return Predictions.softmax(logits, save().temperature());
    }

    /** What makes it again, to be written to a file. */
    ClassifierFile save();

    @Override
    default void close() {}

    /**
     * A classifier of what an adapter makes of images' features.
     *
     * @param features what is adapted
     * @param classifier of adapted features, whose file holds the adapter too
     */
    record AdaptedImages(Classifier classifier, FeatureKind features, Adapter adapter) implements Classifier {

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
}
