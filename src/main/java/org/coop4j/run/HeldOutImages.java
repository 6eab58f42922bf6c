package org.coop4j.run;

import java.io.IOException;
import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;

/**
 * Images that a classifier did not learn from, by which its confidence is chosen: the val images and, if they are few,
 * the training images by cross-validation.
 *
 * @param train training images
 * @param val val images
 */
record HeldOutImages(Images shared, Task task, List<LabelledImage> train, LabelledFeatures val) {

    /** Number of val images from which on the temperature is reliable. */
    private static final int ENOUGH = 30;

    /** Approximate limit of a cross-validation's multiplications, which take seconds. */
    private static final double MOST_WORK = 1e12;

    /**
     * Chooses the confidence of a classifier.
     *
     * @param config configuration of its run
     * @param progress receives a note if that takes a moment
     */
    Confidence confidence(Classifier classifier, RunConfig config, Progress progress) throws IOException {
        Scores scores = val.scores(classifier);
        String images = Numbers.count(val.size(), "validation image");
        int parts = CrossValidation.folds(
                train.stream().mapToInt(LabelledImage::label).toArray());
        Learner learner = config.method().learner(shared.space(), task).settled(classifier.save());
        if (val.size() < ENOUGH && parts > 1 && isCheap(learner, config, train.size(), parts)) {
            LabelledFeatures readable = shared.features(train, "training images", progress);
            String how =
                    "%s by %d-fold cross-validation".formatted(Numbers.count(readable.size(), "training image"), parts);
            progress.note("calibrating the probabilities on " + how);
            images = val.size() == 0 ? how : images + " and " + how;
            LabelledFeatures noTest = LabelledFeatures.none(shared, "no images");
            RunFeatures learned = new RunFeatures(shared.space(), task, readable, val, noTest);
            scores = scores.and(learned.crossValidated(config, learner, parts));
        }
        return Confidence.of(scores, images);
    }

    /** Returns true unless it takes long: each part takes as long as the training, too long for prompts. */
    static boolean isCheap(Learner learner, RunConfig config, int images, int parts) {
        return config.method().group() != Method.Group.PROMPTS
                && parts * learner.work(images, config.training()) <= MOST_WORK;
    }
}
