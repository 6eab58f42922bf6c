package org.coop4j.method;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;

/** logits = scale · cosine of the image's features with each class's weights. */
final class CosineClassifier implements Classifier {

    private final ClassifierFile file;
    private final FeatureMatrix weights;
    private final float scale;
    private final Function<List<String>, Classifier> others;

    /**
     * @param weights normalised class weights, one row a class
     * @param scale exp(logit_scale)
     * @param others makes the classifier of other classes
     */
    CosineClassifier(
            ClassifierFile file,
            FeatureMatrix weights,
            float scale,
            Function<List<String>, Classifier> others) {
        this.file = file;
        this.weights = weights;
        this.scale = scale;
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
                                logits[i * classes + c] = scale * x.dot(i, weights, c);
                            }
                        });
        return FeatureMatrix.of(x.rows(), classes, logits);
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
