package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;

/**
 * Nearest class mean (Snell, Swersky, Zemel: "Prototypical Networks for Few-shot Learning", NeurIPS
 * 2017, without training): the mean of a class's normalised image features is its weight.
 */
public record Prototypes() implements Method {

    private static final String PROTOTYPES = "prototypes";

    @Override
    public String id() {
        return "prototypes";
    }

    @Override
    public String title() {
        return "prototypes";
    }

    @Override
    public String summary() {
        return "The mean of a class's normalised image features, all views of them, is its"
                + " weight; the nearest mean wins. Knows nothing of the class names and trains"
                + " nothing: a second. Weak with one image a class, good with many; what every"
                + " method of image features should beat. Snell et al., NeurIPS 2017.";
    }

    @Override
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        return new FeatureLearner(
                this,
                space,
                task,
                null,
                images -> 1,
                (text, data, fit) -> file -> addTo(file, data.train()));
    }

    static ClassifierFile addTo(ClassifierFile file, FeatureSet images) {
        return file.with(PROTOTYPES, means(images, file.classNames().size()));
    }

    /** The normalised mean of each class's normalised features, [classes, width]. */
    static FeatureMatrix means(FeatureSet images, int classes) {
        int width = images.width();
        float[] sums = new float[Math.multiplyExact(classes, width)];
        float[] row = new float[width];
        for (int i = 0; i < images.size(); i++) {
            for (int view = 0; view < images.views(); view++) {
                images.copyNormalized(i, view, row, 0);
                for (int j = 0; j < width; j++) {
                    sums[images.label(i) * width + j] += row[j];
                }
            }
        }
        // A sum has its mean's direction.
        return FeatureMatrix.of(classes, width, sums).normalized();
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, PROTOTYPES);
        return ClassRows.ofLearned(PROTOTYPES)
                .cosines(space, file, rows -> rows.matrix(PROTOTYPES));
    }
}
