package org.coop4j.findings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.coop4j.eval.Scores;
import org.coop4j.run.Learned;

/**
 * The test of a run, compared with an earlier run on the images that both were tested on.
 *
 * @param method the method's name in tables
 * @param prompts number of test images that the hand-written prompt classifies correctly
 * @param before null if they share no images
 * @param threshold probability above which 95 % of the answers on held-out images are right
 * @param answers by content, true if the run classified it correctly
 */
public record TestNumbers(
        String method,
        int right,
        int tested,
        int prompts,
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
        Scores test = run.test().at(run.confidence().temperature());
        boolean[] correct = test.correct();
        Map<String, Boolean> answers = new TreeMap<>();
        for (int i = 0; i < correct.length; i++) {
            answers.put(run.tested().images().get(i).sha256(), correct[i]);
        }
        List<Point> coverage = test.coverage().points().stream()
                .map(point -> new Point(point.threshold(), point.answered(), point.correct()))
                .toList();
        return new TestNumbers(
                run.config().method().title(),
                test.right(),
                test.size(),
                run.prompts().get(0).test().right(),
                earlier.map(one -> one.comparedTo(answers)).orElse(null),
                coverage,
                run.confidence().threshold().orElse(otherwise),
                answers);
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
