package org.coop4j.findings;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.OpenSet;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import org.coop4j.run.Learned;
import org.coop4j.run.Support;

/**
 * Detection of images of unknown classes: classes are left out one by one, and their test images are scored by a
 * classifier of the other classes.
 *
 * @param falsePositives percentage of left-out images that each score accepts as one of the classes, averaged over the
 *     left-out classes
 * @param leftOut number of classes that were left out
 * @param how way of leaving them out, in words
 */
public record UnknownClasses(Map<OpenSet, Double> falsePositives, int leftOut, String how) {

    private static final int MOST_LEFT_OUT = 10;

    /** Numbers of exponentials and images that are enough, and computed in seconds. */
    private static final double MOST_EXPONENTIALS = 1e8;

    private static final int MOST_KNOWN = 3_000;

    /** Number of classes below which the mean is unreliable. */
    private static final int FEWEST_LEFT_OUT = 3;

    /**
     * Measures a run. Its method learns again without each class if that takes seconds, which it does not for prompts.
     *
     * @return nothing if there are fewer than three classes
     */
    static Optional<UnknownClasses> of(Learned run) throws IOException {
        Method method = run.config().method();
        Support support = run.support();
        int classes = support.task().classNames().size();
        if (classes < FEWEST_LEFT_OUT) {
            return Optional.empty();
        }
        Scores test = run.test();
        int count = Math.min(classes, MOST_LEFT_OUT);
        int[] labels = test.labels();
        if (!method.learns() || support.affordable(method, run.config().training()) < count) {
            boolean few = (double) test.size() * classes * classes <= MOST_EXPONENTIALS;
            int[] leftOut = leftOut(labels, few ? classes : MOST_LEFT_OUT, classes);
            Scores known = few ? test : test.sample(MOST_KNOWN);
            return Optional.of(new UnknownClasses(
                    rates(score -> score.falsePositives(test, leftOut, known)),
                    leftOut.length,
                    (method.learns()
                                    ? "only their logits are removed, so images never seen may be noticed less often"
                                    : "nothing is learned")
                            + (few ? "" : "; %,d test images stand for all others".formatted(MOST_KNOWN))));
        }
        int[] leftOut = leftOut(labels, count, classes);
        List<Map<OpenSet, Double>> all = new ArrayList<>(Collections.nCopies(leftOut.length, Map.of()));
        FewShotFeatures data = support.features(method, 0);
        FeatureMatrix tested = run.tested().features(method.features()).matrix();
        support.each(List.of(method), leftOut.length, (own, i) -> {
            List<String> names = new ArrayList<>(support.task().classNames());
            names.remove(leftOut[i]);
            Task task = support.task().withClasses(names);
            FewShotFeatures others = new FewShotFeatures(
                    data.train().withoutClass(leftOut[i]), data.val().withoutClass(leftOut[i]));
            Trainer trainer = new Trainer(run.config().training(), task.seed());
            try (Classifier classifier = method.learner(own, task).fit(others, trainer)) {
                float[][] logits = classifier.logits(tested).toRows();
                all.set(
                        i,
                        rates(score -> OpenSet.falsePositives(
                                scores(score, logits, image -> labels[image] != leftOut[i]),
                                scores(score, logits, image -> labels[image] == leftOut[i]))));
            }
        });
        return all.isEmpty()
                ? Optional.empty()
                : Optional.of(new UnknownClasses(
                        rates(score -> all.stream()
                                .mapToDouble(r -> r.get(score))
                                .average()
                                .orElseThrow()),
                        all.size(),
                        "the others are learned again without them"));
    }

    /** Returns some classes, evenly spaced, that images of a test show. */
    private static int[] leftOut(int[] labels, int count, int classes) {
        return IntStream.range(0, count)
                .map(i -> (int) ((long) i * classes / count))
                .filter(label -> isPartOf(labels, label))
                .toArray();
    }

    /** Returns true if some of the labels, but not all, are this one. */
    private static boolean isPartOf(int[] labels, int one) {
        long count = IntStream.of(labels).filter(label -> label == one).count();
        return count > 0 && count < labels.length;
    }

    private static Map<OpenSet, Double> rates(ToDoubleFunction<OpenSet> rate) {
        Map<OpenSet, Double> rates = new EnumMap<>(OpenSet.class);
        for (OpenSet score : OpenSet.values()) {
            rates.put(score, rate.applyAsDouble(score));
        }
        return rates;
    }

    private static double[] scores(OpenSet score, float[][] logits, IntPredicate chosen) {
        return IntStream.range(0, logits.length)
                .filter(chosen)
                .mapToDouble(i -> score.score(logits[i]))
                .toArray();
    }
}
