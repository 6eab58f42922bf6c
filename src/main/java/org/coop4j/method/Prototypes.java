package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Trainer;

/**
 * Nearest class mean (Snell, Swersky, Zemel: "Prototypical Networks for Few-shot Learning", NeurIPS
 * 2017, without training): the mean of a class's normalised image features is its weight.
 */
public record Prototypes() implements FeatureMethod {

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

    /** The images alone are learned from. */
    @Override
    public TextPrompts prompts() {
        return null;
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return file -> addTo(file, data.train());
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return 1;
    }

    static ClassifierFile addTo(ClassifierFile file, FeatureSet images) {
        // A sum has its mean's direction.
        FeatureMatrix sums = Views.sums(images, file.classNames().size());
        return file.with(PROTOTYPES, sums.normalized());
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, PROTOTYPES);
        return ClassRows.ofLearned(PROTOTYPES).cosines(space, file, rows -> rows.matrix(PROTOTYPES));
    }
}
