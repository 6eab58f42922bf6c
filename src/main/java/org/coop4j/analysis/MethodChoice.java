package org.coop4j.analysis;

import java.io.IOException;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.DatasetException;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.method.Classifier;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Scores;
import org.coop4j.run.TestImages;

/**
 * Chooses a method by val images, or by cross-validation on the training images where there are too
 * few of them. It never sees a test image.
 */
public final class MethodChoice {

    private final FeatureSpace space;
    private final Task task;
    private final TestImages train;
    private final TestImages val;
    private final boolean crossValidates;
    private final Progress progress;

    /**
     * @param crossValidates whether to choose by cross-validation although there are val images
     * @param progress shows how images are encoded for methods that take other rows of them
     */
    public MethodChoice(
            FeatureSpace space,
            Task task,
            TestImages train,
            TestImages val,
            boolean crossValidates,
            Progress progress) {
        this.space = space;
        this.task = task;
        this.train = train;
        this.val = val;
        this.progress = progress;
        this.crossValidates = crossValidates || val.size() == 0;
    }

    /**
     * A method with its training.
     *
     * @param name for tables
     * @param shots training images a class; 0 for all
     */
    public record Candidate(String name, Method method, Training training, int shots) {}

    /**
     * How a candidate did.
     *
     * @param right images classified rightly
     * @param images images that it was chosen by
     */
    public record Score(Candidate candidate, int right, int images) {

        /** In percent. */
        public double accuracy() {
            return 100.0 * right / images;
        }
    }

    /** Whether cross-validation chooses. */
    public boolean crossValidates() {
        return crossValidates;
    }

    /** How many parts a cross-validation has. */
    public int folds() {
        return CrossValidation.parts(train.labels());
    }

    /**
     * Fits and scores a candidate.
     *
     * @throws DatasetException if there are no val images, and a class has one training image
     *     alone, so that nothing can be left out
     */
    public Score score(Candidate candidate) throws IOException {
        Scores scores = crossValidates ? crossValidated(candidate) : onVal(candidate);
        return new Score(candidate, scores.right(), scores.size());
    }

    private Scores crossValidated(Candidate candidate) throws IOException {
        if (folds() < 2) {
            throw new DatasetException(
                    "a class has one training image and there are no val images to choose a"
                            + " method by: add images, or name one method");
        }
        FeatureSet all = train.all(candidate.method.features(), progress);
        float[][] logits =
                new CrossValidation(space, task, folds())
                        .logits(
                                candidate.method,
                                candidate.training,
                                new FewShotFeatures(all, FeatureSets.none(all.width())),
                                candidate.shots);
        return Scores.of(train.labels(), logits);
    }

    private Scores onVal(Candidate candidate) throws IOException {
        FeatureKind kind = candidate.method.features();
        FeatureSet few = FeatureSets.first(train.all(kind, progress), candidate.shots);
        FeatureSet chooses =
                candidate.method.usesVal()
                        ? val.all(kind, progress)
                        : FeatureSets.none(few.width());
        Trainer trainer = new Trainer(candidate.training, task.seed());
        try (Classifier classifier =
                candidate.method.learner(space, task).fit(new FewShotFeatures(few, chooses), trainer)) {
            return val.scores(classifier);
        }
    }

    /** The best; of equals the first. */
    public static Score best(List<Score> scores) {
        return scores.stream().reduce((a, b) -> b.accuracy() > a.accuracy() ? b : a).orElseThrow();
    }
}
