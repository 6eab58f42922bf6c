package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.weights.Shape;

/**
 * A logistic regression as a classifier: how far each class's score is from the largest, in place
 * of logits.
 *
 * @param file what makes it again
 */
record ProbeClassifier(ClassifierFile file, LinearClassifier probe) implements Classifier {

    static final String WEIGHT = "weight"; // [embed, classes]
    static final String BIAS = "bias";

    /**
     * A probe whose file gets its tensors.
     *
     * @param account the file without them
     */
    static ProbeClassifier of(ClassifierFile account, LinearClassifier probe) {
        int d = probe.dimension();
        int k = probe.classCount();
        float[] weight = new float[Math.multiplyExact(d, k)];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = (float) probe.weight(i / k, i % k);
        }
        return new ProbeClassifier(
                account.with(WEIGHT, Shape.of(d, k), weight)
                        .with(BIAS, Shape.of(k), intercepts(probe)),
                probe);
    }

    /**
     * The probe that was saved.
     *
     * @throws IOException if it is not of this model and these classes
     */
    static ProbeClassifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        int classes = file.classNames().size();
        file.require(WEIGHT, Shape.of(space.embedDim(), classes));
        file.require(BIAS, Shape.of(classes));
        return new ProbeClassifier(
                file,
                new LinearClassifier(
                        IntStream.range(0, classes).toArray(),
                        doubles(file.tensor(WEIGHT).values()),
                        doubles(file.tensor(BIAS).values())));
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    @Override
    public FeatureMatrix logits(FeatureMatrix images) {
        int[] unlabelled = new int[images.rows()];
        float[][] scores =
                probe.scores(new LabelledFeatures(images.width(), images.toArray(), unlabelled));
        float[] rows = new float[Math.multiplyExact(images.rows(), probe.classCount())];
        for (int i = 0; i < scores.length; i++) {
            System.arraycopy(scores[i], 0, rows, i * probe.classCount(), probe.classCount());
        }
        return FeatureMatrix.of(images.rows(), probe.classCount(), rows);
    }

    @Override
    public <T> T logits(LogitGraph<T> graph, T images) {
        int classes = probe.classCount();
        int width = probe.dimension();
        float[] weight = new float[Math.multiplyExact(classes, width)];
        for (int k = 0; k < classes; k++) {
            for (int j = 0; j < width; j++) {
                weight[k * width + j] = (float) probe.weight(j, k);
            }
        }
        return graph.plus(
                graph.product(images, FeatureMatrix.of(classes, width, weight)), intercepts(probe));
    }

    private static float[] intercepts(LinearClassifier probe) {
        float[] bias = new float[probe.classCount()];
        for (int k = 0; k < bias.length; k++) {
            bias[k] = (float) probe.intercept(k);
        }
        return bias;
    }

    @Override
    public Classifier forClasses(List<String> names) {
        return of(
                file.withClassNames(names),
                probe.select(ClassRows.learned(file.method().id(), names, classNames())));
    }

    @Override
    public ClassifierFile save() {
        return file;
    }
}
