package org.coop4j.method;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;

/** logits = scale · unit(x) · weightsᵀ + bias; where the weights are normalised, scaled cosines. */
final class CosineClassifier implements Classifier {

    private final ClassifierFile file;
    private final FeatureMatrix weights;
    private final float scale;
    private final float[] bias;
    private final Function<List<String>, Classifier> others;

    /**
     * Without bias.
     *
     * @param weights class weights, one row a class
     * @param scale exp(logit_scale)
     * @param others makes the classifier of other classes
     */
    CosineClassifier(
            ClassifierFile file,
            FeatureMatrix weights,
            float scale,
            Function<List<String>, Classifier> others) {
        this(file, weights, scale, new float[weights.rows()], others);
    }

    /**
     * @param bias of each class, after scaling
     */
    CosineClassifier(
            ClassifierFile file,
            FeatureMatrix weights,
            float scale,
            float[] bias,
            Function<List<String>, Classifier> others) {
        this.file = file;
        this.weights = weights;
        this.scale = scale;
        this.bias = bias.clone();
        this.others = others;
    }

    @Override
    public List<String> classNames() {
        return file.classNames();
    }

    @Override
    public FeatureMatrix logits(FeatureMatrix images) {
        FeatureMatrix x = images.normalized();
        int classes = weights.rows();
        float[] logits = new float[Math.multiplyExact(x.rows(), classes)];
        IntStream.range(0, x.rows())
                .parallel()
                .forEach(
                        i -> {
                            for (int c = 0; c < classes; c++) {
                                logits[i * classes + c] = scale * x.dot(i, weights, c) + bias[c];
                            }
                        });
        return FeatureMatrix.of(x.rows(), classes, logits);
    }

    @Override
    public <T> T logits(LogitGraph<T> graph, T images) {
        T cosines = graph.product(graph.unit(images), weights);
        return graph.plus(graph.times(cosines, scale), bias);
    }

    @Override
    public Classifier forClasses(List<String> names) {
        return names.equals(classNames()) ? this : others.apply(names);
    }

    @Override
    public ClassifierFile save() {
        return file;
    }
}
