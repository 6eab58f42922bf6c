package org.coop4j.findings;

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
        int[][] counts = new int[2][2]; // [right before][right now]
        answers.forEach((content, right) -> {
            if (later.containsKey(content)) {
                counts[right ? 1 : 0][later.get(content) ? 1 : 0]++;
            }
        });
        int better = counts[0][1];
        int worse = counts[1][0];
        int both = counts[0][0] + better + worse + counts[1][1];
        return both == 0
                ? null
                : new Before(worse + counts[1][1], better, worse, new McNemar(both, worse, better).pValue());
    }
}
