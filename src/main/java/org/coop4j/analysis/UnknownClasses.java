package org.coop4j.analysis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.OpenSet;
import org.coop4j.method.Classifier;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Scores;
import org.coop4j.run.TestImages;

/**
 * How well pictures of none of the classes are noticed: classes are left out, one after the other,
 * and their test images are scored by a classifier of the others.
 *
 * @param falsePositives percentage of the pictures left out that each score takes for one of the
 *     classes, mean over the classes left out
 * @param leftOut how many classes were left out
 * @param how how they were
 */
public record UnknownClasses(Map<OpenSet, Double> falsePositives, int leftOut, How how) {

    /** How a class is left out. */
    public enum How {
        /** The others are learned without its pictures. */
        LEARNED_AGAIN,
        /** Nothing is learned at all. */
        NOTHING_LEARNED,
        /** Its logit is removed from what was learned with its pictures. */
        LOGIT_REMOVED
    }

    private static final int MOST_LEFT_OUT = 10;

    /** Of fewer classes the mean says little. */
    private static final int FEWEST_LEFT_OUT = 3;

    /** Multiplications, about, that learning without classes may take: seconds. */
    private static final double MOST_WORK = 1e12;

    public UnknownClasses {
        falsePositives = Map.copyOf(falsePositives);
    }

    /**
     * Measures a method: it learns again without each class where that is a matter of seconds,
     * which it is not for prompts.
     *
     * @param task all classes
     * @param test scores of the classifier of all classes on the test images
     * @return nothing if there are fewer than three classes
     */
    public static Optional<UnknownClasses> of(
            FeatureSpace space,
            Task task,
            RunPictures pictures,
            Method method,
            Training training,
            Scores test)
            throws IOException {
        int classes = task.classNames().size();
        if (classes < FEWEST_LEFT_OUT) {
            return Optional.empty();
        }
        if (!method.learns()) {
            return Optional.of(removed(test, classes, How.NOTHING_LEARNED));
        }
        double work = method.learner(space, task).work(pictures.train().size(), training);
        int count = (int) Math.min(Math.min(classes, MOST_LEFT_OUT), MOST_WORK / work);
        if (method.group() == Method.Group.PROMPTS || count < FEWEST_LEFT_OUT) {
            return Optional.of(removed(test, classes, How.LOGIT_REMOVED));
        }
        Learning learning = new Learning(space, task, pictures, method, training);
        List<Map<OpenSet, Double>> rates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int leftOut = (int) ((long) i * classes / count);
            if (learning.isTested(leftOut)) {
                rates.add(learning.without(leftOut));
            }
        }
        return rates.isEmpty() ? Optional.empty() : Optional.of(mean(rates));
    }

    private static UnknownClasses removed(Scores test, int classes, How how) {
        Map<OpenSet, Double> rates = new EnumMap<>(OpenSet.class);
        for (OpenSet score : OpenSet.values()) {
            rates.put(score, test.falsePositives(score));
        }
        return new UnknownClasses(rates, classes, how);
    }

    private static UnknownClasses mean(List<Map<OpenSet, Double>> rates) {
        Map<OpenSet, Double> means = new EnumMap<>(OpenSet.class);
        for (OpenSet score : OpenSet.values()) {
            means.put(score, rates.stream().mapToDouble(r -> r.get(score)).average().orElseThrow());
        }
        return new UnknownClasses(means, rates.size(), How.LEARNED_AGAIN);
    }

    /** What is learned without a class. */
    private record Learning(
            FeatureSpace space, Task task, RunPictures pictures, Method method, Training training) {

        /** Whether there are test images of the class and of others. */
        boolean isTested(int label) {
            int[] labels = pictures.test().labels();
            return Arrays.stream(labels).anyMatch(l -> l == label)
                    && Arrays.stream(labels).anyMatch(l -> l != label);
        }

        Map<OpenSet, Double> without(int leftOut) throws IOException {
            List<String> names = new ArrayList<>(task.classNames());
            names.remove(leftOut);
            FeatureSet train = FeatureSets.withoutClass(images(pictures.train()), leftOut);
            FeatureSet val =
                    method.usesVal()
                            ? FeatureSets.withoutClass(images(pictures.val()), leftOut)
                            : FeatureSets.none(train.width());
            try (Classifier others =
                    method.learner(space, task.withClasses(names))
                            .fit(
                                    new FewShotFeatures(train, val),
                                    new Trainer(training, task.seed()))) {
                float[][] logits =
                        others.logits(FeatureSets.matrix(images(pictures.test()))).toRows();
                Map<OpenSet, Double> rates = new EnumMap<>(OpenSet.class);
                for (OpenSet score : OpenSet.values()) {
                    rates.put(
                            score,
                            OpenSet.falsePositives(
                                    scores(score, logits, label -> label != leftOut),
                                    scores(score, logits, label -> label == leftOut)));
                }
                return rates;
            }
        }

        private FeatureSet images(TestImages some) throws IOException {
            return some.all(method.features(), Progress.NONE);
        }

        private double[] scores(OpenSet score, float[][] logits, IntPredicate of) {
            int[] labels = pictures.test().labels();
            return IntStream.range(0, labels.length)
                    .filter(i -> of.test(labels[i]))
                    .mapToDouble(i -> score.score(logits[i]))
                    .toArray();
        }
    }
}
