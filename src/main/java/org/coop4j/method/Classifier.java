package org.coop4j.method;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Predictions;

/** Maps image features to logits. Safe for use by several threads. */
public interface Classifier extends AutoCloseable {

    /** Returns the classes, in the order of the logits. */
    List<String> classNames();

    /** Returns the output of the image tower that it takes. */
    default FeatureKind features() {
        return FeatureKind.EMBEDDED;
    }

    /**
     * Returns the logits of images, [images, classes].
     *
     * @param images rows of {@link #features}, not normalised, one row per image
     */
    default FeatureMatrix logits(FeatureMatrix images) {
        return logits(new LogitGraph.Matrices(), images);
    }

    /** Returns true if logits cost no more than a product with class weights, so that many need not be kept. */
    default boolean isLinear() {
        return false;
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
     * Returns the calibrated probabilities of the classes, by images that were not learned from if there were any: the
     * softmax of the logits divided by a temperature, or for sets of labels those of the decision.
     *
     * @param logits logits of one image
     */
    default double[] probabilities(float[] logits) {
        ClassifierFile file = save();
        return file.decision() == null
                ? Predictions.softmax(logits, file.temperature())
                : file.decision().probabilities(logits);
    }

    /** Returns true for the class with the largest logit, or for each label of a set that is predicted. */
    default boolean[] predicted(float[] logits) {
        Decision decision = save().decision();
        return decision == null ? oneHot(Predictions.argmax(logits), logits.length) : decision.predicted(logits);
    }

    private static boolean[] oneHot(int label, int classes) {
        boolean[] predicted = new boolean[classes];
        predicted[label] = true;
        return predicted;
    }

    /** Returns the classifier with what it makes of an image, such as prompts of its own, fixed at what it is for one. */
    default Classifier at(float[] image) {
        return this;
    }

    /**
     * Returns how much an image speaks for a class: the log-odds of the class against all others by calibrated probabilities,
     * the logarithm of p / (1 − p); of one class alone, and of labels of sets, the logit.
     *
     * @param image row of {@link #features}, not normalised
     * @param gradient receives the derivatives by the row
     */
    default double score(float[] image, int label, float[] gradient) {
        LogitGradient graph = new LogitGradient();
        LogitGradient.Row x = LogitGradient.Row.of(image.length, i -> image[i]);
        LogitGradient.Row z = at(image).logits(graph, x);
        ClassifierFile file = save();
        Decision decision = file.decision();
        double slope = decision == null ? 1.0 / file.temperature() : decision.slope();
        double score = slope * z.values()[label] + (decision == null ? 0 : decision.offset());
        z.gradient()[label] = slope;
        if (decision == null && z.values().length > 1) {
            double[] others = z.values().clone();
            others[label] = Double.NEGATIVE_INFINITY;
            double largest = Arrays.stream(others).max().orElseThrow();
            double[] odds = Arrays.stream(others)
                    .map(value -> Math.exp(slope * (value - largest)))
                    .toArray();
            double sum = Arrays.stream(odds).sum();
            score -= slope * largest + Math.log(sum);
            for (int c = 0; c < odds.length; c++) {
                z.gradient()[c] -= slope * odds[c] / sum;
            }
        }
        graph.run();
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) x.gradient()[i];
        }
        return score;
    }

    /** Returns the file that restores this classifier. */
    ClassifierFile save();

    @Override
    default void close() {}

    /**
     * The operations of logits on matrices with one row per image, in some format; {@link Classifier#logits(LogitGraph,
     * Object)} calls them.
     *
     * @param <T> a matrix in that format
     */
    public interface LogitGraph<T> {

        /** Returns each row divided by its Euclidean norm. */
        T unit(T x);

        /** Returns x · weightsᵀ; x [n, width], weights [m, width] → [n, m]. */
        T product(T x, FeatureMatrix weights);

        /** Returns each element times a factor. */
        T times(T x, double factor);

        /** Returns each row plus a row of numbers. */
        T plus(T x, float[] row);

        /** Returns the sum of two matrices. */
        T plus(T x, T y);

        /** Returns max(0, x). */
        T rectified(T x);

        /** Returns e to the power of each element. */
        T exp(T x);

        /** Computes the logits immediately. */
        final class Matrices implements LogitGraph<FeatureMatrix> {

            @Override
            public FeatureMatrix unit(FeatureMatrix x) {
                return x.normalized();
            }

            @Override
            public FeatureMatrix product(FeatureMatrix x, FeatureMatrix weights) {
                return x.products(weights);
            }

            @Override
            public FeatureMatrix times(FeatureMatrix x, double factor) {
                return factor == 1 ? x : x.times(factor);
            }

            @Override
            public FeatureMatrix plus(FeatureMatrix x, float[] row) {
                float[] sum = x.toArray();
                for (int i = 0; i < sum.length; i += row.length) {
                    for (int j = 0; j < row.length; j++) {
                        sum[i + j] += row[j];
                    }
                }
                return FeatureMatrix.of(x.rows(), x.width(), sum);
            }

            @Override
            public FeatureMatrix plus(FeatureMatrix x, FeatureMatrix y) {
                return x.plus(y, 1);
            }

            @Override
            public FeatureMatrix rectified(FeatureMatrix x) {
                return mapped(x, value -> Math.max(0, value));
            }

            @Override
            public FeatureMatrix exp(FeatureMatrix x) {
                return mapped(x, Math::exp);
            }

            private static FeatureMatrix mapped(FeatureMatrix x, DoubleUnaryOperator function) {
                float[] values = x.toArray();
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) function.applyAsDouble(values[i]);
                }
                return FeatureMatrix.of(x.rows(), x.width(), values);
            }
        }
    }
}
