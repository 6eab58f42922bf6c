package org.coop4j.demo;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.data.ImageDataset;
import org.coop4j.run.Scores;

/**
 * The test photographs by the best hand-written prompt and by the learned ones.
 *
 * @param photographs the photographs
 * @param before scores by the hand-written prompt
 * @param after scores by the learned prompt of each seed
 */
record BeforeAfter(ImageDataset photographs, Scores before, List<Scores> after) {

    /**
     * Photographs that the hand-written prompt gets wrong and the learned one right with every
     * seed, the surest first, no two of a class.
     */
    List<DemoResult.Change> mended(int most) {
        return changes(true, most);
    }

    /** Those that the hand-written prompt gets right and the learned one wrong with every seed. */
    List<DemoResult.Change> spoilt(int most) {
        return changes(false, most);
    }

    private List<DemoResult.Change> changes(boolean better, int most) {
        int[] then = before.predictions();
        List<DemoResult.Change> all = new ArrayList<>();
        for (int i = 0; i < then.length; i++) {
            int truth = photographs.test().get(i).label();
            int image = i;
            boolean changed =
                    after.stream().allMatch(s -> (s.predictions()[image] == truth) == better);
            if ((then[i] == truth) != better && changed) {
                int now = after.get(0).predictions()[i];
                all.add(
                        new DemoResult.Change(
                                photographs.test().get(i).path().toString(),
                                photographs.classNames().get(truth),
                                photographs.classNames().get(then[i]),
                                before.probabilities(i)[then[i]],
                                photographs.classNames().get(now),
                                after.stream()
                                        .mapToDouble(s -> s.probabilities(image)[now])
                                        .min()
                                        .orElseThrow()));
            }
        }
        all.sort(Comparator.comparingDouble(DemoResult.Change::afterProbability).reversed());
        Set<String> classes = new HashSet<>();
        return all.stream().filter(m -> classes.add(m.truth())).limit(most).toList();
    }

    List<DemoResult.ClassGain> perClass() {
        List<DemoResult.ClassGain> gains = new ArrayList<>();
        for (int c = 0; c < photographs.classNames().size(); c++) {
            int label = c;
            gains.add(
                    new DemoResult.ClassGain(
                            photographs.classNames().get(c),
                            (int)
                                    photographs.test().stream()
                                            .filter(i -> i.label() == label)
                                            .count(),
                            right(before, label),
                            after.stream().mapToInt(s -> right(s, label)).average().orElseThrow()));
        }
        return gains;
    }

    private int right(Scores scores, int label) {
        int[] predictions = scores.predictions();
        int count = 0;
        for (int i = 0; i < predictions.length; i++) {
            boolean ofClass = photographs.test().get(i).label() == label;
            count += ofClass && predictions[i] == label ? 1 : 0;
        }
        return count;
    }
}
