package org.coop4j.method;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Heap;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.ClassNames;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.weights.Shape;

/**
 * logits = scale · unit(adapter(x)) · weightsᵀ + bias; scaled cosines if the weights are normalised.
 *
 * @param weights class weights, one row per class
 * @param scale factor of the products, such as exp(logit_scale)
 * @param bias one number per class
 * @param adapter transforms the images' features first; null for none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LinearHead(FeatureMatrix weights, float scale, float[] bias, Adapter adapter) {

    /** Transforms image features, one row per image. */
    public interface Adapter {
        <T> T adapted(LogitGraph<T> graph, T images);
    }

    /** A head without a bias. */
    public LinearHead(FeatureMatrix weights, float scale, Adapter adapter) {
        this(weights, scale, new float[weights.rows()], adapter);
    }

    /** Returns the logits of images whose features are not normalised, [images, classes]. */
    public <T> T logits(LogitGraph<T> graph, T images) {
        T x = adapter == null ? images : adapter.adapted(graph, images);
        return graph.plus(graph.times(graph.product(graph.unit(x), weights), scale), bias);
    }

    /**
     * Returns the classifier of the head.
     *
     * @param others makes the classifier of other classes
     */
    public Classifier classifier(ClassifierFile file, Function<List<String>, Classifier> others) {
        return classifier(file, file.method().features(), others, () -> {});
    }

    /**
     * Returns the classifier of the head.
     *
     * @param kind the features that it takes
     * @param others makes the classifier of other classes
     * @param free frees what the classifier owns
     */
    Classifier classifier(
            ClassifierFile file, FeatureKind kind, Function<List<String>, Classifier> others, Runnable free) {
        LinearHead head = this;
        return new Classifier() {
            @Override
            public List<String> classNames() {
                return file.classNames();
            }

            @Override
            public FeatureKind features() {
                return kind;
            }

            @Override
            public boolean isLinear() {
                return adapter == null;
            }

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

            @Override
            public void close() {
                free.run();
            }
        };
    }

    /**
     * Tensors of a file with one row per class, from which class weights are made, also for other classes.
     *
     * @param tensors names of the tensors
     * @param added rows of classes that were not learned, by tensor; null if only learned classes have rows
     */
    public record ClassRows(
            FeatureSpace space,
            ClassifierFile file,
            List<String> tensors,
            Function<List<String>, Map<String, float[]>> added) {

        /** Returns the same tensors of another file. */
        public ClassRows of(ClassifierFile other) {
            return new ClassRows(space, other, tensors, added);
        }

        /**
         * Returns the positions of classes among those that were learned.
         *
         * @param learner what has learned them, for the message
         * @throws IllegalArgumentException if a class is new, naming it and the methods that accept new classes
         */
        public static int[] positions(String learner, List<String> names, List<String> classNames) {
            try {
                return ClassNames.positions(names, classNames);
            } catch (IllegalArgumentException e) {
                String others = Method.all().stream()
                        .filter(Method::namesNewClasses)
                        .map(Method::id)
                        .collect(Collectors.joining(", "));
                throw new IllegalArgumentException(
                        "%s, and %s knows only the classes it was trained on; methods that can name others: %s"
                                .formatted(e.getMessage(), learner, others),
                        e);
            }
        }

        /** Returns the classifier by scaled cosines with class weights. */
        public Classifier cosines(Function<ClassifierFile, FeatureMatrix> weights) {
            return linear(rows -> new LinearHead(weights.apply(rows), space.logitScale(), null));
        }

        /** Returns the classifier by scaled cosines of adapted images with the rows of a tensor. */
        public Classifier adapted(String tensor, Adapter adapter) {
            return linear(rows -> new LinearHead(rows.matrix(tensor), space.logitScale(), adapter));
        }

        /** Returns the classifier of a linear head; for other classes the head is made from their rows. */
        public Classifier linear(Function<ClassifierFile, LinearHead> head) {
            return head.apply(file).classifier(file, names -> of(select(names)).linear(head));
        }

        /**
         * Returns the file for these classes: learned classes keep their rows, new ones are added.
         *
         * @throws IllegalArgumentException if a class is new and there are no rows for it, naming it
         */
        public ClassifierFile select(List<String> names) {
            int[] positions = added == null
                    ? positions(file.method().id(), names, file.classNames())
                    : ClassNames.find(names, file.classNames());
            List<String> unknown = new ArrayList<>();
            for (int i = 0; i < positions.length; i++) {
                if (positions[i] < 0) {
                    unknown.add(names.get(i));
                }
            }
            Map<String, float[]> rows = unknown.isEmpty() ? Map.of() : added.apply(unknown);
            ClassifierFile result = file.withClassNames(names);
            for (String tensor : tensors) {
                result = select(result, tensor, positions, rows.get(tensor));
            }
            return result;
        }

        /**
         * Returns the file with the rows of a tensor at these positions.
         *
         * @param added rows of the negative positions in order; null if there are none
         */
        static ClassifierFile select(ClassifierFile file, String name, int[] positions, float[] added) {
            ClassifierFile.Tensor old = file.tensor(name);
            long[] dims = old.shape().toArray();
            int width = old.values().length / Math.toIntExact(dims[0]);
            float[] rows = Heap.floats(positions.length, width);
            int used = 0;
            for (int i = 0; i < positions.length; i++) {
                boolean known = positions[i] >= 0;
                float[] source = known ? old.values() : added;
                System.arraycopy(source, (known ? positions[i] : used++) * width, rows, i * width, width);
            }
            dims[0] = positions.length;
            return file.with(name, Shape.of(dims), rows);
        }
    }
}
