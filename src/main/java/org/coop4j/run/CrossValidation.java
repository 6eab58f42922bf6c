package org.coop4j.run;

import java.io.IOException;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Folds;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.train.Trainer;

/**
 * Logits of labelled images by k-fold cross-validation: each fold is scored by a classifier learned from the others.
 *
 * @param folds number of folds, 2 or more
 */
record CrossValidation(Learner learner, Trainer trainer, int folds) {

    private static final int MOST_FOLDS = 5;

    /** Returns the number of folds for these labels, at most 5; with fewer than 2 nothing can be held out. */
    static int folds(int[] labels) {
        return Math.min(MOST_FOLDS, Folds.fewest(labels));
    }

    /**
     * Learns the classifier of a fold, and writes the logits of the fold's images.
     *
     * @param data the images, and val images that the method may choose its settings on
     * @param shots number of images per class to learn from; 0 for all
     * @param logits [images][classes]
     */
    public void fold(int fold, FewShotFeatures data, int shots, float[][] logits) throws IOException {
        FeatureSet images = data.train();
        Folds split = Folds.of(images.labels(), folds);
        int[] held = split.of(fold);
        if (held.length == 0) {
            return;
        }
        FeatureSet rest = images.select(split.without(fold)).first(shots);
        try (Classifier classifier = learner.fit(new FewShotFeatures(rest, data.val()), trainer)) {
            float[][] rows = classifier.logits(images.select(held).matrix()).toRows();
            for (int i = 0; i < held.length; i++) {
                logits[held[i]] = rows[i];
            }
        }
    }
}
