package org.coop4j.pool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.pool.Pool.Question;

/**
 * Choice of pictures to label: a greedy cover of doubtful pictures by their neighbours, balanced over the predicted classes.
 *
 * <p>w = (1 − largest probability + 0.05) · clamp(rank of ownness / (0.3 (n − 1)), 0.1, 1); a picture covers others by how much
 * nearer they are than the median eighth neighbour, and its gain is the weighted cover that it would add.
 */
final class LabelNext {

    /** Answer to a stranger. */
    static final int NONE = -1;

    private final Pool pool;
    private final int[] predicted;
    private final double[] probabilities; // of the predicted classes

    /** Others that each picture covers. */
    private final int[][] others;

    private final double[][] shares; // how much of them, 0 to 1

    private final double[] covered;
    private final boolean[] answered;

    final double base;
    final double[] weights;
    final int[] have;

    LabelNext(Pool pool, FeatureMatrix logits, double scale, Map<Integer, Integer> answers) {
        this.pool = pool;
        int n = pool.size();
        Neighbours neighbours = pool.neighbours();
        predicted = Pool.answers(logits);
        base = median(IntStream.range(0, n)
                .mapToDouble(i -> neighbours.count() == 0 ? 0 : neighbours.cosine(i, neighbours.count() - 1))
                .toArray());
        others = neighbours.mutual();
        shares = new double[n][];
        for (int i = 0; i < n; i++) {
            shares[i] = new double[others[i].length];
            for (int link = 0; link < shares[i].length; link++) {
                int j = others[i][link];
                int place = neighbours.place(i, j);
                double cosine = place >= 0 ? neighbours.cosine(i, place) : neighbours.cosine(j, neighbours.place(j, i));
                shares[i][link] = Math.max(0, (cosine - base) / (1 - base));
            }
        }
        float[] p = JointModel.softmax(logits, 1);
        probabilities = new double[n];
        Arrays.setAll(probabilities, i -> p[i * logits.width() + predicted[i]]);
        weights = weights(pool.ownness(logits, scale));
        covered = new double[n];
        answered = new boolean[n];
        have = new int[logits.width()];
        answers.forEach((row, label) -> {
            Require.that(row >= 0 && row < n, "row %d: the pool has rows 0 to %d", row, n - 1);
            Require.that(
                    label >= NONE && label < have.length,
                    "row %d: expected a label from −1 to %d, got %d",
                    row,
                    have.length - 1,
                    label);
            choose(row, label == NONE ? predicted[row] : label);
        });
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private double[] weights(double[] ownness) {
        int n = ownness.length;
        Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> ownness[i])); // stable
        double[] weights = new double[n];
        for (int rank = 0; rank < n; rank++) {
            double own = n == 1 ? 1 : Math.max(0.1, Math.min(1, rank / ((n - 1) * 0.3)));
            weights[order[rank]] = (1 - probabilities[order[rank]] + 0.05) * own;
        }
        return weights;
    }

    private void choose(int row, int label) {
        answered[row] = true;
        have[label]++;
        covered[row] = 1;
        for (int link = 0; link < others[row].length; link++) {
            int other = others[row][link];
            covered[other] = Math.max(covered[other], shares[row][link]);
        }
    }

    /** Returns what a picture would add to the cover. */
    double gain(int row) {
        double gain = weights[row] * (1 - covered[row]);
        for (int link = 0; link < others[row].length; link++) {
            int other = others[row][link];
            gain += weights[other] * Math.max(0, shares[row][link] - covered[other]);
        }
        return gain;
    }

    boolean isAnswered(int row) {
        return answered[row];
    }

    /** A picture with the gain that it had when it was last computed; gains only fall. */
    private record Candidate(int row, double gain) {}

    List<Question> next(int count) {
        Require.that(count >= 1, "expected to ask for 1 picture or more, got %d", count);
        Map<Integer, PriorityQueue<Candidate>> free = new HashMap<>();
        for (int i = 0; i < pool.size(); i++) {
            if (!answered[i]) {
                free.computeIfAbsent(
                                predicted[i],
                                k -> new PriorityQueue<>(Comparator.comparingDouble(Candidate::gain)
                                        .reversed()
                                        .thenComparingInt(Candidate::row)))
                        .add(new Candidate(i, gain(i)));
            }
        }
        List<Question> chosen = new ArrayList<>();
        while (chosen.size() < count && !free.isEmpty()) {
            int label = free.keySet().stream()
                    .min(Comparator.<Integer>comparingInt(k -> have[k]).thenComparingInt(k -> k))
                    .orElseThrow();
            PriorityQueue<Candidate> ofClass = free.get(label);
            int row = largest(ofClass);
            if (ofClass.isEmpty()) {
                free.remove(label);
            }
            int alike = (int) Arrays.stream(shares[row]).filter(g -> g > 0).count();
            chosen.add(new Question(row, label, probabilities[row], alike));
            choose(row, label);
        }
        return chosen;
    }

    private int largest(PriorityQueue<Candidate> candidates) {
        while (true) {
            Candidate first = candidates.remove();
            Candidate now = new Candidate(first.row, gain(first.row));
            if (now.gain == first.gain) {
                return now.row;
            }
            candidates.add(now);
        }
    }
}
