package org.coop4j.method;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ClassNames;
import org.coop4j.weights.Shape;

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

    /**
     * Tensors of a file with one row a class, which make class weights, also for other classes than
     * those that were learned.
     *
     * @param tensors names of the tensors
     * @param added the rows of classes that were not learned: their names → tensor → rows; null where
     *     there are none
     */
    record ClassRows(List<String> tensors, Function<List<String>, Map<String, float[]>> added) {

        /** Rows of learned classes alone. */
        static ClassRows ofLearned(String... tensors) {
            return new ClassRows(List.of(tensors), null);
        }

        /**
         * Rows of which a class that was not learned has its text features.
         *
         * @param texts text features of classes, one row each
         */
        static ClassRows ofTexts(Function<List<String>, FeatureMatrix> texts, String... tensors) {
            return new ClassRows(List.of(tensors), names -> {
                float[] rows = texts.apply(names).toArray();
                return Stream.of(tensors).collect(Collectors.toMap(t -> t, t -> rows));
            });
        }

        /**
         * Positions of classes among those that were learned, where no other can be named.
         *
         * @param learner what has learned them, for the message
         * @throws IllegalArgumentException if a class is new, naming it, and the methods that take any
         */
        static int[] learned(String learner, List<String> names, List<String> classNames) {
            try {
                return ClassNames.positions(names, classNames);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "%s, and %s knows only the classes it was trained on; methods that can name others: %s"
                                .formatted(
                                        e.getMessage(),
                                        learner,
                                        Method.all().stream()
                                                .filter(Method::namesNewClasses)
                                                .map(Method::id)
                                                .collect(Collectors.joining(", "))),
                        e);
            }
        }

        /** The classifier by scaled cosines with class weights. */
        Classifier cosines(FeatureSpace space, ClassifierFile file, Function<ClassifierFile, FeatureMatrix> weights) {
            float scale = space.logitScale();
            return linear(file, rows -> new LinearHead(weights.apply(rows), scale));
        }

        /** The classifier of a linear head; one for other classes is made of their rows. */
        Classifier linear(ClassifierFile file, Function<ClassifierFile, LinearHead> head) {
            return head.apply(file).classifier(file, names -> linear(select(file, names), head));
        }

        /**
         * The file of these classes: one that was learned keeps its rows, a new one gets some.
         *
         * @throws IllegalArgumentException if a class is new and there are no rows for it, naming it
         */
        ClassifierFile select(ClassifierFile file, List<String> names) {
            int[] positions = added == null
                    ? learned(file.method().id(), names, file.classNames())
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
                result = select(result, tensor, positions, rows.getOrDefault(tensor, new float[0]));
            }
            return result;
        }

        /**
         * The file with the rows of a tensor that are at these positions.
         *
         * @param added rows of the negative positions, one after the other
         */
        static ClassifierFile select(ClassifierFile file, String name, int[] positions, float[] added) {
            ClassifierFile.Tensor old = file.tensor(name);
            long[] dims = old.shape().toArray();
            int width = old.values().length / Math.toIntExact(dims[0]);
            float[] rows = new float[Math.multiplyExact(positions.length, width)];
            int used = 0;
            for (int i = 0; i < positions.length; i++) {
                boolean known = positions[i] >= 0;
                System.arraycopy(
                        known ? old.values() : added, (known ? positions[i] : used++) * width, rows, i * width, width);
            }
            dims[0] = positions.length;
            return file.with(name, Shape.of(dims), rows);
        }
    }
}
