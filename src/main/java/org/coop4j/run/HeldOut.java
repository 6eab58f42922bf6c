package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;

/**
 * Images that a classifier did not learn from, by which its confidence is chosen: the val images,
 * and where they are few the training images too, by cross-validation.
 *
 * @param train training images
 * @param val val images
 */
record HeldOut(SharedData shared, Task task, List<LabelledImage> train, LabelledFeatures val) {

    /** Fewer images tell a temperature badly. */
    private static final int ENOUGH = 30;

    /** Multiplications, about, that a cross-validation may take: seconds. */
    private static final double MOST_WORK = 1e12;

    /**
     * The confidence of a classifier.
     *
     * @param config how it was learned
     * @param progress is told where that takes a moment
     */
    Confidence confidence(Classifier classifier, RunConfig config, Progress progress) throws IOException {
        Scores scores = val.scores(classifier);
        List<String> images = new ArrayList<>();
        if (val.size() > 0) {
            images.add(Numbers.count(val.size(), "val image"));
        }
        int[] labels = train.stream().mapToInt(LabelledImage::label).toArray();
        int parts = CrossValidation.parts(labels);
        if (val.size() < ENOUGH && parts > 1 && isCheap(config, parts)) {
            LabelledFeatures left = shared.features(train, "training images", progress);
            String how =
                    "%s by %d-fold cross-validation".formatted(Numbers.count(left.size(), "training image"), parts);
            progress.note("calibrating the probabilities on " + how);
            images.add(how);
            scores = scores.and(crossValidated(left, config, parts));
        }
        return Confidence.of(scores, String.join(" and ", images));
    }

    private Scores crossValidated(LabelledFeatures left, RunConfig config, int parts) throws IOException {
        Method method = config.method();
        FeatureSet all = left.all(method.features(), Progress.NONE);
        FeatureSet chooses =
                method.usesVal() ? val.all(method.features(), Progress.NONE) : FeatureSets.none(all.width());
        float[][] logits = new CrossValidation(shared.space(), task, parts)
                .logits(method, config.training(), new FewShotFeatures(all, chooses), 0);
        return Scores.of(left.labels(), logits);
    }

    /** Learned prompts would take as long again for each part. */
    private boolean isCheap(RunConfig config, int parts) {
        Method method = config.method();
        return method.group() != Method.Group.PROMPTS
                && parts * method.learner(shared.space(), task).work(train.size(), config.training()) <= MOST_WORK;
    }
}
