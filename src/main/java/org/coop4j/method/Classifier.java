package org.coop4j.method;

import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.eval.Predictions;

/** Maps image features to logits. Safe for use by several threads. */
public interface Classifier extends AutoCloseable {

    /** Returns the classes, in the order of the logits. */
    default List<String> classNames() {
        return save().classNames();
    }

    /** Returns the output of the image tower that it takes. */
    default FeatureKind features() {
        return save().method().features();
    }

    /**
     * Returns the logits of images, [images, classes].
     *
     * @param images rows of {@link #features}, not normalised, one row per image
     */
    default FeatureMatrix logits(FeatureMatrix images) {
        return logits(new LogitGraph.Matrices(), images);
    }

    /**
     * Returns the logits as a graph in another format.
     *
     * @param images features as {@link #logits(FeatureMatrix)} takes them
     * @return [images, classes], up to a number that is the same for all classes of an image
     * @throws UnsupportedOperationException if there is no such graph, with the reason
     */
    <T> T logits(LogitGraph<T> graph, T images);

    /**
     * Returns the classifier of other classes.
     *
     * @throws IllegalArgumentException if the method knows only its own classes and one of these is new, naming it
     */
    Classifier forClasses(List<String> names);

    /**
     * Returns the calibrated probabilities of the classes: the softmax of the logits divided by a temperature, fitted
     * to images that were not learned from if there were any.
     *
     * @param logits logits of one image
     */
    default double[] probabilities(float[] logits) {
        return Predictions.softmax(logits, save().temperature());
    }

    /** Returns the file that restores this classifier. */
    ClassifierFile save();

    @Override
    default void close() {}
}
