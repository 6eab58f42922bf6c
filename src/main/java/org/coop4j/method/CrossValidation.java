package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.Folds;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

/**
 * Logits of labelled images, each by a classifier that did not learn from it: the images are dealt
 * to parts, and each part is scored by what is learned from the others.
 *
 * @param task what is told apart
 * @param parts how many parts, 2 or more
 */
public record CrossValidation(FeatureSpace space, Task task, int parts) {

    private static final int MOST_PARTS = 5;

    /** Parts that images can be dealt to, 5 at most; with fewer than 2 nothing can be left out. */
    public static int parts(int[] labels) {
        return Math.min(MOST_PARTS, Folds.fewest(labels));
    }

    /**
     * Learns once a part.
     *
     * @param data the images, and val images that the method may choose its settings by
     * @param shots images a class that are learned from each time; 0 for all
     * @return [images][classes]
     */
    public float[][] logits(Method method, Training training, FewShotFeatures data, int shots) throws IOException {
        FeatureSet images = data.train();
        float[][] logits = new float[images.size()][];
        Folds folds = Folds.of(images.labels(), parts);
        for (int part = 0; part < folds.count(); part++) {
            int[] left = folds.of(part);
            if (left.length == 0) {
                continue;
            }
            FeatureSet rest = FeatureSets.first(FeatureSets.select(images, folds.without(part)), shots);
            try (Classifier classifier = method.learner(space, task)
                    .fit(new FewShotFeatures(rest, data.val()), new Trainer(training, task.seed()))) {
                float[][] rows = classifier
                        .logits(FeatureSets.matrix(FeatureSets.select(images, left)))
                        .toRows();
                for (int i = 0; i < left.length; i++) {
                    logits[left[i]] = rows[i];
                }
            }
        }
        return logits;
    }
}
