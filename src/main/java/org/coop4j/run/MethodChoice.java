package org.coop4j.run;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.run.RunConfig.RunData;

/**
 * The choice of a method by val images, or by cross-validation on the training images if there are few. Test images are
 * never used.
 *
 * @param chosen candidates to be trained
 * @param scores scores of all candidates; empty without a choice
 * @param crossValidated true if they were compared by cross-validation
 * @param cost what was measured of a candidate whose steps take seconds, and decided; null without one
 */
public record MethodChoice(List<Candidate> chosen, List<Score> scores, boolean crossValidated, String cost) {

    /** A choice among quick candidates. */
    public MethodChoice(List<Candidate> chosen, List<Score> scores, boolean crossValidated) {
        this(chosen, scores, crossValidated, null);
    }

    /** Number of images per class below which a fifth of them is too few to choose by. */
    private static final int FEW = 20;

    /**
     * A method with its training.
     *
     * @param name its name in tables
     * @param shots training images per class; 0 for all
     */
    public record Candidate(String name, Method method, Training training, int shots) {

        /**
         * Returns a method with settings of its own and of its training.
         *
         * @param logitScale the model's, to which the reference's rate is adapted
         * @throws IllegalArgumentException if a setting is unknown, or a value is not allowed
         */
        public static Candidate of(Method method, Map<String, ?> settings, int shots, double logitScale) {
            return of(new Method.Fast(method, method.training(shots), 0), settings, shots, logitScale);
        }

        /**
         * Returns a method with settings of its own and of its training, on images of a space. The setting {@code fast}
         * stands for those for few cores, where the method has some.
         */
        public static Candidate of(
                Method method, Map<String, ?> settings, int shots, FeatureSpace space, ImageDataset lists) {
            Map<String, Object> others = new HashMap<>(settings);
            Optional<Method.Fast> fast = isFast(others) ? fast(method, shots, space, lists) : Optional.empty();
            return of(
                    fast.orElse(new Method.Fast(method, method.training(shots), 0)), others, shots, space.logitScale());
        }

        /** Takes the setting {@code fast} out of others, and returns its value. */
        public static boolean isFast(Map<String, ?> settings) {
            String value = String.valueOf(Objects.requireNonNullElse(settings.remove("fast"), false));
            Require.that(value.matches("true|false"), "fast: expected true or false, got \"%s\"", value);
            return value.equals("true");
        }

        /** Returns a method's settings for few cores on a sample of images, if it has some. */
        public static Optional<Method.Fast> fast(Method method, int shots, FeatureSpace space, ImageDataset lists) {
            int all = lists.train().size();
            int classes = lists.classCount();
            return method.fast(space, shots == 0 ? all : Math.min(all, shots * classes), classes);
        }

        /** Returns a method and training to start from, with settings of either. */
        public static Candidate of(Method.Fast start, Map<String, ?> settings, int shots, double logitScale) {
            Method.Configured given = Method.Configured.of(start, settings, logitScale);
            return new Candidate(given.method().title(), given.method(), given.training(), shots);
        }

        /** Returns the configuration of a run in a space. */
        public RunConfig config(FeatureSpace space, RunData data, Sample sample) throws IOException {
            return RunConfig.of(space.modelSha256(), data, method, training, sample)
                    .in(space);
        }
    }

    /**
     * The result of a candidate.
     *
     * @param right number of images classified correctly; 0 for sets of labels
     * @param images number of images
     * @param map mean average precision of sets of labels; null for single labels
     */
    public record Score(Candidate candidate, int right, int images, Double map) {

        /** A result on images with single labels. */
        public Score(Candidate candidate, int right, int images) {
            this(candidate, right, images, null);
        }

        static Score of(Candidate candidate, Scores scores) {
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
     * @param config configuration of a run on the images
     * @param progress receives the procedure and the accuracy of each candidate
     * @throws InputException if there are no val images, and a class has a single training image, so that no image
     *     can be left out
     */
    public static MethodChoice best(Images images, RunConfig config, List<Candidate> candidates, Progress progress)
            throws IOException {
        boolean every = candidates.stream().anyMatch(c -> c.shots == 0);
        int most = candidates.stream().mapToInt(Candidate::shots).max().orElseThrow();
        long seed = config.sample().seed();
        Support support = images.support(config, config.sample().of(every ? 0 : most), progress);
        FeatureBanks.Lists lists = new FeatureBanks.Lists();
        lists.encode(() -> support.train().features(FeatureKind.EMBEDDED));
        lists.encode(() -> support.val().features(FeatureKind.EMBEDDED));
        lists.requireReadable();
        ImageDataset whole = images.dataset(config.data().source(), seed);
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
        List<Candidate> fits = candidates.stream()
                .map(c -> new Candidate(c.name, c.method, c.training, c.shots == most ? 0 : c.shots))
                .toList();
        List<Scores> measured = crossValidates ? support.crossValidated(fits) : support.onVal(fits);
        List<Score> scores = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            Candidate given = candidates.get(i);
            // Beside it stands the prompt that is chosen among several.
            String name = given.method.equals(Method.zeroShot())
                    ? "%s, \"%s\"".formatted(given.name, support.task().template())
                    : given.name;
            Candidate candidate = new Candidate(name, given.method, given.training, given.shots);
            scores.add(Score.of(candidate, measured.get(i)));
        }
        return new MethodChoice(List.of(best(scores).candidate()), scores, crossValidates);
    }

    /**
     * Returns the choice with one more candidate, whose steps take seconds, if comparing and learning it take no longer than a
     * budget. It is chosen if it is better than all others.
     */
    public MethodChoice with(Candidate slow, Duration budget, Images images, RunConfig config, Progress progress)
            throws IOException {
        Support support = images.support(config, config.sample().of(slow.shots()), progress);
        Candidate fit = new Candidate(slow.name(), slow.method(), slow.training(), 0);
        Trainer trainer = new Trainer(
                slow.training(), config.sample().seed(), images.options().memory(), Progress.NONE, null);
        double once = support.learner(slow.method()).seconds(support.features(slow.method(), 0), trainer);
        double seconds = once * (1 + (crossValidated ? support.folds() : 1));
        boolean fits = seconds <= budget.toSeconds();
        String measured = "%s: about %s to compare and to learn; the budget is %s%s"
                .formatted(
                        slow.name(),
                        Numbers.duration(Duration.ofMillis(Math.round(1000 * seconds))),
                        Numbers.duration(budget),
                        fits ? "" : ", so it is left out");
        progress.note(measured);
        if (!fits) {
            return new MethodChoice(chosen, scores, crossValidated, measured);
        }
        List<Candidate> one = List.of(fit);
        List<Score> all = new ArrayList<>(scores);
        all.add(Score.of(slow, (crossValidated ? support.crossValidated(one) : support.onVal(one)).get(0)));
        return new MethodChoice(List.of(best(all).candidate()), all, crossValidated, measured);
    }

    /** Returns the best score, the first of equals. */
    public static Score best(List<Score> scores) {
        return scores.stream()
                .reduce((a, b) -> b.accuracy() > a.accuracy() ? b : a)
                .orElseThrow();
    }
}
