package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.train.Trainer;

/** A method that learns from image features alone, by a loss or in closed form; the text tower runs once. */
public non-sealed interface FeatureMethod extends Method {

    /** Hand-written prompts of the text features; null where it needs none. */
    TextPrompts prompts();

    /** What it learns, before training. */
    FeatureLearner.Model start(FeatureLearner.Texts texts, FewShotFeatures data, Trainer trainer) throws IOException;

    /** Number of rows of weights that each image meets in an epoch, about. */
    double rows(FeatureSpace space, int classes, int images);

    /** A learner that has checked the prompts. */
    @Override
    default Learner learner(FeatureSpace space, Task task) {
        return new FeatureLearner(this, space, task);
    }
}
