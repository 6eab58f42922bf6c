package org.coop4j.analysis;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Fit;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.train.Training;

/**
 * Chooses a method by val images, or by cross-validation on the training images where there are too
 * few of them. It never sees a test image.
 */
public final class MethodChoice {

    private static final int MOST_FOLDS = 5;

    private final FeatureSpace space;
    private final Task task;
    private final FeatureSet train;
    private final FeatureSet val;
    private final boolean crossValidates;

    /**
     * @param crossValidates whether to choose by cross-validation although there are val images
     */
    public MethodChoice(
            FeatureSpace space,
            Task task,
            FeatureSet train,
            FeatureSet val,
            boolean crossValidates) {
        this.space = space;
        this.task = task;
        this.train = train;
        this.val = val;
        this.crossValidates = crossValidates || val.size() == 0;
    }

    /**
     * A method with its training.
     *
     * @param name for tables
     */
    public record Candidate(String name, Method method, Training training) {}

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
        return Math.min(MOST_FOLDS, Folds.fewest(train.labels()));
    }

    /**
     * Fits and scores a candidate.
     *
     * @throws IllegalArgumentException if there are no val images, and a class has one training
     *     image alone, so that nothing can be left out
     */
    public Score score(Candidate candidate) throws IOException {
        if (!crossValidates) {
            int right = right(candidate, new FewShotFeatures(train, val), val);
            return new Score(candidate, right, val.size());
        }
        if (folds() < 2) {
            throw new IllegalArgumentException(
                    "a class has one training image and there are no val images to choose a"
                            + " method by: add images, or name one method");
        }
        Folds folds = Folds.of(train.labels(), folds());
        int right = 0;
        for (int part = 0; part < folds.count(); part++) {
            FeatureSet rest = FeatureSets.select(train, folds.without(part));
            right +=
                    right(
                            candidate,
                            new FewShotFeatures(rest, FeatureSets.none(train.width())),
                            FeatureSets.select(train, folds.of(part)));
        }
        return new Score(candidate, right, train.size());
    }

    private int right(Candidate candidate, FewShotFeatures data, FeatureSet images)
            throws IOException {
        FewShotFeatures seen =
                candidate.method.usesVal()
                        ? data
                        : new FewShotFeatures(data.train(), FeatureSets.none(train.width()));
        if (candidate.method.features() != FeatureKind.EMBEDDED) {
            throw new IllegalArgumentException(
                    candidate.method.title()
                            + " learns from other rows of the image tower than the methods that it"
                            + " is chosen among: name it alone");
        }
        Fit fit = Fit.inMemory(candidate.training, task.seed());
        try (Classifier classifier = candidate.method.learner(space, task).fit(seen, fit)) {
            int[] predicted =
                    Predictions.argmax(classifier.logits(FeatureSets.matrix(images)).toRows());
            return (int)
                    IntStream.range(0, predicted.length)
                            .filter(i -> predicted[i] == images.label(i))
                            .count();
        }
    }

    /** The best; of equals the first. */
    public static Score best(List<Score> scores) {
        return scores.stream().reduce((a, b) -> b.accuracy() > a.accuracy() ? b : a).orElseThrow();
    }
}
