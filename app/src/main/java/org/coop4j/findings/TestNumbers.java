package org.coop4j.findings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.run.Learned;

/**
 * The test of a run, compared with an earlier run on the images that both were tested on.
 *
 * @param method the method's name in tables
 * @param prompts number of test images that the hand-written prompt classifies correctly
 * @param map mean average precision of sets of labels, whose images are right if no known label is mistaken; null for
 *     single labels
 * @param promptsMap that of the hand-written prompt
 * @param before null if they share no images
 * @param threshold probability above which 95 % of the answers on held-out images are right
 * @param answers by content, true if the run classified it correctly
 */
public record TestNumbers(
        String method,
        int right,
        int tested,
        int prompts,
        Double map,
        Double promptsMap,
        Before before,
        List<Point> coverage,
        double threshold,
        Map<String, Boolean> answers) {

    /** Answers at or above a threshold. */
    public record Point(double threshold, int answered, int right) {}

    /** An earlier run on the same images: how many it had right, and what is better and worse since. */
    public record Before(int right, int better, int worse, double p) {}

    /**
     * Returns the numbers of a run.
     *
     * @param otherwise the threshold if none of the run is good enough
     */
    public static TestNumbers of(Learned run, Optional<TestNumbers> earlier, double otherwise) {
        boolean sets = Labels.areSets(run.test().truth());
        Scores test = run.test().at(run.confidence().temperature());
        Scores prompts = run.prompts().get(0).test();
        boolean[] correct = sets
                ? correct(run.test(), run.decision(run.tests().orElseThrow().classNames()))
                : test.correct();
        Map<String, Boolean> answers = new TreeMap<>();
        for (int i = 0; i < correct.length; i++) {
            answers.put(run.tested().images().get(i).sha256(), correct[i]);
        }
        List<Point> coverage = sets
                ? List.of()
                : test.coverage().points().stream()
                        .map(point -> new Point(point.threshold(), point.answered(), point.correct()))
                        .toList();
        return new TestNumbers(
                run.config().method().title(),
                count(correct),
                test.size(),
                sets ? count(correct(prompts, Decision.ofPool(prompts.logits()))) : prompts.right(),
                sets ? run.test().sets().meanAveragePrecision() : null,
                sets ? prompts.sets().meanAveragePrecision() : null,
                earlier.map(one -> one.comparedTo(answers)).orElse(null),
                coverage,
                run.confidence().threshold().orElse(otherwise),
                answers);
    }

    private static int count(boolean[] correct) {
        return (int) IntStream.range(0, correct.length).filter(i -> correct[i]).count();
    }

    /** Returns true for each image whose known labels are all as they are predicted. */
    private static boolean[] correct(Scores scores, Decision decision) {
        boolean[] correct = new boolean[scores.size()];
        for (int i = 0; i < correct.length; i++) {
            boolean[] predicted = decision.predicted(scores.logits()[i]);
            Labels own = scores.truth().get(i);
            correct[i] = IntStream.range(0, predicted.length)
                    .allMatch(k -> own.state(k) != (predicted[k] ? Labels.ABSENT : Labels.PRESENT));
        }
        return correct;
    }

    private Before comparedTo(Map<String, Boolean> later) {
        Changes all = changes(later);
        return all.both == 0 ? null : new Before(all.right, all.better.size(), all.worse.size(), all.p);
    }

    /**
     * Differences of a later run on the images that both were tested on.
     *
     * @param both their number
     * @param right number of those that the earlier run classified correctly
     * @param better contents of those that the later run alone classified correctly
     * @param worse contents of those that the earlier run alone did
     */
    public record Changes(int both, int right, List<String> better, List<String> worse, double p) {}

    /** Compares a later run on the images that both were tested on. */
    public Changes changes(TestNumbers later) {
        return changes(later.answers);
    }

    private Changes changes(Map<String, Boolean> later) {
        List<String> better = new ArrayList<>();
        List<String> worse = new ArrayList<>();
        Map<String, Boolean> both = new TreeMap<>(answers);
        both.keySet().retainAll(later.keySet());
        both.forEach((content, right) -> {
            if (!right.equals(later.get(content))) {
                (right ? worse : better).add(content);
            }
        });
        int right = Collections.frequency(both.values(), true);
        double p = both.isEmpty() ? 1 : new McNemar(both.size(), worse.size(), better.size()).pValue();
        return new Changes(both.size(), right, better, worse, p);
    }
}
