package org.coop4j.features;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;

/**
 * Nearest class mean (Snell, Swersky, Zemel: "Prototypical Networks for Few-shot Learning", NeurIPS 2017, without
 * training): a class's weight is the mean of its normalised image features.
 */
record Prototypes() implements FeatureMethod {

    private static final String PROTOTYPES = "prototypes";

    @Override
    public About about() {
        return new About(
                "prototypes",
                "prototypes",
                "Classifies by the nearest mean of each class's image features; trains nothing and ignores class names"
                        + " (Snell et al., NeurIPS 2017).");
    }

    @Override
    public boolean learnsFromSums() {
        return true;
    }

    @Override
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public TextPrompts prompts() {
        return null;
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        // A sum has the direction of its mean.
        return new Head(file -> {
            int classes = file.classNames().size();
            FeatureMatrix sums = data.sums() == null
                    ? ViewPooling.sums(data.train(), classes)
                    : data.sums().ofClasses();
            return file.with(PROTOTYPES, sums.normalized());
        });
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, PROTOTYPES);
        return new ClassRows(space, file, List.of(PROTOTYPES), null).cosines(rows -> rows.matrix(PROTOTYPES));
    }
}
