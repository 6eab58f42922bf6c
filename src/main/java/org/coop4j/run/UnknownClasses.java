package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.OpenSet;
import org.coop4j.method.Classifier;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;

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
     * Measures a run: its method learns again without each class where that is a matter of seconds, which it is not for
     * prompts.
     *
     * @param task all classes
     * @param test scores of the run's classifier on the test images
     * @return nothing if there are fewer than three classes
     */
    static Optional<UnknownClasses> of(FeatureSpace space, Task task, RunFeatures images, RunConfig run, Scores test)
            throws IOException {
        Method method = run.method();
        int classes = task.classNames().size();
        if (classes < FEWEST_LEFT_OUT) {
            return Optional.empty();
        }
        if (!method.learns()) {
            return Optional.of(new UnknownClasses(rates(test::falsePositives), classes, How.NOTHING_LEARNED));
        }
        double work = method.learner(space, task).work(images.train().size(), run.training());
        int count = (int) Math.min(Math.min(classes, MOST_LEFT_OUT), MOST_WORK / work);
        if (method.group() == Method.Group.PROMPTS || count < FEWEST_LEFT_OUT) {
            return Optional.of(new UnknownClasses(rates(test::falsePositives), classes, How.LOGIT_REMOVED));
        }
        List<Map<OpenSet, Double>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int leftOut = (int) ((long) i * classes / count);
            if (isTested(images.test().labels(), leftOut)) {
                all.add(learnedWithout(leftOut, space, task, images, run));
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

    /** Returns true if there are test images of the class and of others. */
    private static boolean isTested(int[] labels, int label) {
        return Arrays.stream(labels).anyMatch(l -> l == label)
                && Arrays.stream(labels).anyMatch(l -> l != label);
    }

    /** False positives of what is learned without a class. */
    private static Map<OpenSet, Double> learnedWithout(
            int leftOut, FeatureSpace space, Task task, RunFeatures images, RunConfig run) throws IOException {
        Method method = run.method();
        FeatureKind kind = method.features();
        List<String> names = new ArrayList<>(task.classNames());
        names.remove(leftOut);
        FeatureSet train = FeatureSets.withoutClass(images.train().all(kind, Progress.NONE), leftOut);
        FeatureSet val = method.usesVal()
                ? FeatureSets.withoutClass(images.val().all(kind, Progress.NONE), leftOut)
                : FeatureSets.none(train.width());
        Trainer trainer = new Trainer(run.training(), task.seed());
        try (Classifier others =
                method.learner(space, task.withClasses(names)).fit(new FewShotFeatures(train, val), trainer)) {
            int[] labels = images.test().labels();
            float[][] logits =
                    others.logits(images.test().features(kind, Progress.NONE)).toRows();
            return rates(score -> OpenSet.falsePositives(
                    scores(score, logits, i -> labels[i] != leftOut),
                    scores(score, logits, i -> labels[i] == leftOut)));
        }
    }

    private static double[] scores(OpenSet score, float[][] logits, IntPredicate some) {
        return IntStream.range(0, logits.length)
                .filter(some)
                .mapToDouble(i -> score.score(logits[i]))
                .toArray();
    }
}
