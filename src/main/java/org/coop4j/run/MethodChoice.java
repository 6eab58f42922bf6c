package org.coop4j.run;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;
import org.coop4j.method.Trainer;
import org.coop4j.run.RunConfig.RunData;

/**
 * The choice of a method by val images, or by cross-validation on the training images if there are few. Test images are
 * never used.
 *
 * @param chosen recipes to be learned
 * @param scores scores of all candidates; empty without a choice
 * @param crossValidated true if they were compared by cross-validation
 * @param cost what was measured of a candidate whose steps take seconds, and decided; null without one
 */
public record MethodChoice(List<Recipe> chosen, List<Score> scores, boolean crossValidated, String cost) {

    /** Number of images per class below which a fifth of them is too few to choose by. */
    private static final int FEW = 20;

    /** Returns recipes among which nothing is chosen. */
    public static MethodChoice of(List<Recipe> given) {
        return new MethodChoice(given, List.of(), false, null);
    }

    private static MethodChoice of(List<Score> scores, boolean crossValidated, String cost) {
        Recipe best = best(scores).candidate();
        return new MethodChoice(
                List.of(crossValidated ? best : best.with(best.sample().chosenByVal())), scores, crossValidated, cost);
    }

    /**
     * The result of a candidate.
     *
     * @param right number of images classified correctly; 0 for sets of labels
     * @param images number of images
     * @param map mean average precision of sets of labels; null for single labels
     */
    public record Score(Recipe candidate, int right, int images, Double map) {

        /** A result on images with single labels. */
        public Score(Recipe candidate, int right, int images) {
            this(candidate, right, images, null);
        }

        static Score of(Recipe candidate, Scores scores) {
            return Labels.areSets(scores.truth())
                    ? new Score(candidate, 0, scores.size(), scores.value())
                    : new Score(candidate, scores.right(), scores.size());
        }

        /** Returns the accuracy in percent; of sets of labels the mean average precision. */
        public double accuracy() {
            return map == null ? 100.0 * right / images : map;
        }
    }

    /**
     * Chooses one by val images or cross-validation.
     *
     * @param data the images, and the half of their classes
     * @param progress receives the procedure and the accuracy of each candidate
     * @throws InputException if there are no val images, and a class has a single training image, so that no image
     *     can be left out
     */
    public static MethodChoice best(Images images, RunData data, List<Recipe> candidates, Progress progress)
            throws IOException {
        boolean every = candidates.stream().anyMatch(c -> c.shots() == 0);
        int most = candidates.stream().mapToInt(Recipe::shots).max().orElseThrow();
        Recipe first =
                candidates.stream().filter(c -> c.method().learns()).findFirst().orElse(candidates.get(0));
        long seed = first.sample().seed();
        Sample sample = first.sample().with(every ? 0 : most, seed);
        Support support = images.support(data, first.method(), sample, progress);
        FeatureBanks.Lists lists = new FeatureBanks.Lists();
        lists.encode(() -> support.train().features(FeatureKind.EMBEDDED));
        lists.encode(() -> support.val().features(FeatureKind.EMBEDDED));
        lists.requireReadable();
        ImageDataset whole = images.dataset(data.source(), seed);
        int all = whole.train().size() + whole.val().size() + whole.test().size();
        boolean crossValidates = all < FEW * whole.classCount() || support.val().size() == 0;
        int folds = support.folds();
        String how = crossValidates
                ? folds + "-fold cross-validation on "
                        + Numbers.count(support.train().size(), "training image")
                : Numbers.count(support.val().size(), "validation image");
        int[] positives = whole.positives(Split.TRAIN);
        List<String> single = IntStream.range(0, positives.length)
                .filter(c -> positives[c] == 1)
                .mapToObj(whole.classNames()::get)
                .toList();
        InputException.require(
                !crossValidates || folds >= 2,
                "cannot choose a method: there are no val images, and one training image of %s; add images, or name one"
                        + " method",
                Numbers.first(single));
        progress.note("choosing among %s by %s".formatted(Numbers.count(candidates.size(), "candidate"), how));
        List<Recipe> fits = candidates.stream()
                .map(c -> c.with(c.sample().with(c.shots() == most ? 0 : c.shots(), seed)))
                .toList();
        List<Scores> measured = crossValidates ? support.crossValidated(fits) : support.onVal(fits);
        List<Score> scores = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            Recipe given = candidates.get(i);
            // The template distinguishes it from the prompt that the baselines choose among several.
            boolean handWritten = given.method().equals(Method.zeroShot());
            String name = handWritten
                    ? "%s, \"%s\"".formatted(given.name(), support.task().template())
                    : given.name();
            scores.add(Score.of(given.named(name), measured.get(i)));
        }
        return of(scores, crossValidates, null);
    }

    /**
     * Returns the choice with one more candidate, whose steps take seconds, if comparing and learning it take no longer than a
     * budget. It is chosen if it is better than all others.
     */
    public MethodChoice with(Recipe slow, Duration budget, Images images, RunData data, Progress progress)
            throws IOException {
        Sample sample = slow.sample().with(slow.shots(), slow.sample().seed());
        Support support = images.support(data, slow.method(), sample, progress);
        Recipe fit = slow.with(sample.with(0, sample.seed()));
        Trainer trainer =
                new Trainer(slow.training(), sample.seed(), images.options().memory(), Progress.NONE, null);
        double once = support.learner(slow.method()).seconds(support.features(slow.method(), 0), trainer);
        double seconds = once * (1 + (crossValidated ? support.folds() : 1));
        boolean fits = seconds <= budget.toSeconds();
        String measured = "%s: about %s to compare and to learn; the budget is %s%s"
                .formatted(
                        slow.name(),
                        Numbers.duration(seconds),
                        Numbers.duration(budget),
                        fits ? "" : ", so it is left out");
        progress.note(measured);
        if (!fits) {
            return new MethodChoice(chosen, scores, crossValidated, measured);
        }
        List<Recipe> one = List.of(fit);
        List<Score> all = new ArrayList<>(scores);
        all.add(Score.of(slow, (crossValidated ? support.crossValidated(one) : support.onVal(one)).get(0)));
        return of(all, crossValidated, measured);
    }

    /** Returns the best score, the first of equals. */
    public static Score best(List<Score> scores) {
        return scores.stream()
                .reduce((a, b) -> b.accuracy() > a.accuracy() ? b : a)
                .orElseThrow();
    }
}
