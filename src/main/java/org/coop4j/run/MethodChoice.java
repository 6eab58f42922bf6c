package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Classifier;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

/**
 * The choice of a method by val images, or by cross-validation on the training images if there are few. Test images are
 * never used.
 *
 * @param chosen candidates to be trained
 * @param scores scores of all candidates; empty without a choice
 * @param crossValidated true if they were compared by cross-validation
 */
public record MethodChoice(List<Candidate> chosen, List<Score> scores, boolean crossValidated) {

    /** Number of images per class below which a fifth of them is too few to choose by. */
    private static final int FEW = 20;

    /**
     * A method with its training.
     *
     * @param name its name in tables
     * @param shots training images per class; 0 for all
     */
    public record Candidate(String name, Method method, Training training, int shots) {}

    /**
     * The result of a candidate.
     *
     * @param right number of images classified correctly
     * @param images number of images
     */
    public record Score(Candidate candidate, int right, int images) {

        /** Returns the accuracy in percent. */
        public double accuracy() {
            return 100.0 * right / images;
        }
    }

    /**
     * Chooses one by val images or cross-validation.
     *
     * @param config configuration of a run on the images
     * @param progress receives the procedure and the accuracy of each candidate
     * @throws InputException if there are no val images, and a class has a single training image, so that no image
     *     can be left out
     */
    public static MethodChoice best(Images shared, RunConfig config, List<Candidate> candidates, Progress progress)
            throws IOException {
        boolean every = candidates.stream().anyMatch(c -> c.shots == 0);
        int most = candidates.stream().mapToInt(Candidate::shots).max().orElseThrow();
        Sample sample = new Sample(every ? 0 : most, config.sample().seed());
        RunFeatures images = RunFeatures.withoutTest(shared, config, sample, progress);
        ImageDataset whole =
                shared.dataset(config.testedOn().source(), config.sample().seed());
        int all = whole.train().size() + whole.val().size() + whole.test().size();
        boolean crossValidates = all < FEW * whole.classCount() || images.val().size() == 0;
        int folds = CrossValidation.folds(images.train().labels());
        String how = crossValidates
                ? folds + "-fold cross-validation on "
                        + Numbers.count(images.train().size(), "training image")
                : Numbers.count(images.val().size(), "validation image");
        InputException.require(
                !crossValidates || folds >= 2,
                "cannot choose a method: a class has one training image and there are no val images; add images, or"
                        + " name one method");
        progress.note("choosing among %s by %s".formatted(Numbers.count(candidates.size(), "candidate"), how));
        List<Score> scores = new ArrayList<>();
        for (Candidate given : candidates) {
            // Beside it stands the prompt that is chosen among several.
            String name = given.method.equals(Method.zeroShot())
                    ? "%s, \"%s\"".formatted(given.name, images.task().template())
                    : given.name;
            Candidate candidate = new Candidate(name, given.method, given.training, given.shots);
            Scores measured = crossValidates
                    ? crossValidated(images, folds, candidate, progress)
                    : onVal(images, candidate, progress);
            scores.add(new Score(candidate, measured.right(), measured.size()));
        }
        return new MethodChoice(List.of(best(scores).candidate()), scores, crossValidates);
    }

    /** Returns the best score, the first of equals. */
    public static Score best(List<Score> scores) {
        return Comparison.best(scores, Score::accuracy);
    }

    private static Scores crossValidated(RunFeatures images, int folds, Candidate candidate, Progress progress)
            throws IOException {
        FeatureSet all = images.train().all(candidate.method.features(), progress);
        FewShotFeatures data = new FewShotFeatures(all, FeatureSet.none(all.width()));
        return images.crossValidated(
                data, candidate.training, images.learner(candidate.method), folds, candidate.shots);
    }

    private static Scores onVal(RunFeatures images, Candidate candidate, Progress progress) throws IOException {
        FewShotFeatures data = images.fewShot(candidate.method, candidate.shots, progress);
        Trainer trainer = new Trainer(candidate.training, images.task().seed());
        try (Classifier classifier = images.learner(candidate.method).fit(data, trainer)) {
            return images.val().scores(classifier);
        }
    }
}
