package org.coop4j.demo;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.data.ImageDataset;
import org.coop4j.run.Scores;

/**
 * The test drawings by the best hand-written prompt and by the learned ones.
 *
 * @param drawings the drawings
 * @param before scores by the hand-written prompt
 * @param after scores by the learned prompt of each seed
 */
record BeforeAfter(ImageDataset drawings, Scores before, List<Scores> after) {

    /**
     * Drawings that the hand-written prompt gets wrong and the learned one right with every seed,
     * the surest first, no two of a class.
     */
    List<DemoResult.Mended> mended(int most) {
        int[] then = before.predictions();
        List<DemoResult.Mended> all = new ArrayList<>();
        for (int i = 0; i < then.length; i++) {
            int truth = drawings.test().get(i).label();
            int image = i;
            boolean right = after.stream().allMatch(s -> s.predictions()[image] == truth);
            if (then[i] != truth && right) {
                all.add(
                        new DemoResult.Mended(
                                drawings.test().get(i).path().toString(),
                                drawings.classNames().get(truth),
                                drawings.classNames().get(then[i]),
                                before.probabilities(i)[then[i]],
                                after.stream()
                                        .mapToDouble(s -> s.probabilities(image)[truth])
                                        .min()
                                        .orElseThrow()));
            }
        }
        all.sort(Comparator.comparingDouble(DemoResult.Mended::afterProbability).reversed());
        Set<String> classes = new HashSet<>();
        return all.stream().filter(m -> classes.add(m.truth())).limit(most).toList();
    }

    List<DemoResult.ClassGain> perClass() {
        List<DemoResult.ClassGain> gains = new ArrayList<>();
        for (int c = 0; c < drawings.classNames().size(); c++) {
            int label = c;
            gains.add(
                    new DemoResult.ClassGain(
                            drawings.classNames().get(c),
                            (int) drawings.test().stream().filter(i -> i.label() == label).count(),
                            right(before, label),
                            after.stream().mapToInt(s -> right(s, label)).average().orElseThrow()));
        }
        return gains;
    }

    private int right(Scores scores, int label) {
        int[] predictions = scores.predictions();
        int count = 0;
        for (int i = 0; i < predictions.length; i++) {
            boolean ofClass = drawings.test().get(i).label() == label;
            count += ofClass && predictions[i] == label ? 1 : 0;
        }
        return count;
    }
}
