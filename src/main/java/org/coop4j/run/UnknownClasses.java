package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.eval.OpenSet;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.train.Trainer;

/**
 * Detection of images of unknown classes: classes are left out one by one, and their test images are scored by a
 * classifier of the other classes.
 *
 * @param falsePositives percentage of left-out images that each score accepts as one of the classes, averaged over the
 *     left-out classes
 * @param leftOut number of classes that were left out
 * @param how way in which they were left out
 */
public record UnknownClasses(Map<OpenSet, Double> falsePositives, int leftOut, How how) {

    /** A way to leave out a class. */
    public enum How {
        /** The others are learned without its images. */
        LEARNED_AGAIN,
        /** Nothing is learned at all. */
        NOTHING_LEARNED,
        /** Its logit is removed from a classifier that learned from its images. */
        LOGIT_REMOVED
    }

    private static final int MOST_LEFT_OUT = 10;

    /** Number of classes below which the mean is unreliable. */
    private static final int FEWEST_LEFT_OUT = 3;

    /** Approximate limit of the multiplications of learning without classes, which take seconds. */
    private static final double MOST_WORK = 1e12;

    /**
     * Measures a run. Its method learns again without each class if that takes seconds, which it does not for prompts.
     *
     * @param test scores of the test images by the run's classifier
     * @return nothing if there are fewer than three classes
     */
    static Optional<UnknownClasses> of(RunFeatures images, RunConfig run, Scores test) throws IOException {
        Method method = run.method();
        int classes = images.classNames().size();
        if (classes < FEWEST_LEFT_OUT) {
            return Optional.empty();
        }
        if (!method.learns()) {
            return Optional.of(new UnknownClasses(rates(test::falsePositives), classes, How.NOTHING_LEARNED));
        }
        double work = images.learner(method).work(images.train().size(), run.training());
        int count = (int) Math.min(Math.min(classes, MOST_LEFT_OUT), MOST_WORK / work);
        if (method.group() == Method.Group.PROMPTS || count < FEWEST_LEFT_OUT) {
            return Optional.of(new UnknownClasses(rates(test::falsePositives), classes, How.LOGIT_REMOVED));
        }
        List<Map<OpenSet, Double>> all = new ArrayList<>();
        int[] labels = images.test().labels();
        for (int i = 0; i < count; i++) {
            int leftOut = (int) ((long) i * classes / count);
            long unknown =
                    IntStream.of(labels).filter(label -> label == leftOut).count();
            if (unknown > 0 && unknown < labels.length) {
                all.add(learnedWithout(leftOut, images, run));
            }
        }
        return all.isEmpty()
                ? Optional.empty()
                : Optional.of(new UnknownClasses(
                        rates(score -> all.stream()
                                .mapToDouble(r -> r.get(score))
                                .average()
                                .orElseThrow()),
                        all.size(),
                        How.LEARNED_AGAIN));
    }

    private static Map<OpenSet, Double> rates(ToDoubleFunction<OpenSet> rate) {
        Map<OpenSet, Double> rates = new EnumMap<>(OpenSet.class);
        for (OpenSet score : OpenSet.values()) {
            rates.put(score, rate.applyAsDouble(score));
        }
        return rates;
    }

    /** Returns the false positives of a classifier that learned without a class. */
    private static Map<OpenSet, Double> learnedWithout(int leftOut, RunFeatures images, RunConfig run)
            throws IOException {
        Method method = run.method();
        List<String> names = new ArrayList<>(images.classNames());
        names.remove(leftOut);
        Task task = images.task().withClasses(names);
        FewShotFeatures all = images.fewShot(method, 0, Progress.NONE);
        FewShotFeatures others =
                new FewShotFeatures(all.train().withoutClass(leftOut), all.val().withoutClass(leftOut));
        Trainer trainer = new Trainer(run.training(), task.seed());
        try (Classifier classifier = method.learner(images.space(), task).fit(others, trainer)) {
            int[] labels = images.test().labels();
            float[][] logits = classifier
                    .logits(images.test().features(method.features(), Progress.NONE))
                    .toRows();
            return rates(score -> OpenSet.falsePositives(
                    scores(score, logits, i -> labels[i] != leftOut),
                    scores(score, logits, i -> labels[i] == leftOut)));
        }
    }

    private static double[] scores(OpenSet score, float[][] logits, IntPredicate chosen) {
        return IntStream.range(0, logits.length)
                .filter(chosen)
                .mapToDouble(i -> score.score(logits[i]))
                .toArray();
    }
}
