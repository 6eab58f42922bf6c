package org.coop4j.method;

import java.io.IOException;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

/** A method that is ready to learn a task: class names and prompts have been checked. */
public interface Learner {

    /**
     * Learns a classifier.
     *
     * @param data features of the images to learn from
     * @param trainer the training loop with its checkpoints and limits
     */
    Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException;

    /**
     * Returns the approximate number of multiplications of {@link #fit}, to estimate the remaining time.
     *
     * @param images number of training images
     */
    double work(int images, Training training);
}
