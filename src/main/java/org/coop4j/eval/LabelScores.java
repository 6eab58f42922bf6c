package org.coop4j.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Require;

/**
 * The scores of images that may show several classes, and how well they agree with the images' labels.
 *
 * <p>Unknown labels count nowhere. A class without a known positive is left out of means over classes. A value with
 * nothing to divide by is null. Percentages throughout.
 */
public final class LabelScores {

    /** Number of labels of the measure "top 3". */
    public static final int TOP = 3;

    private static final int RESAMPLES = 1000;
    private static final double TAIL = 0.025;

    private final int[][] states; // [images][classes], as in Labels
    private final float[][] scores;
    private final int classes;
    private final int[] once; // every image counts one time
    private final int[][] ranked; // of each class, filled when used

    private LabelScores(int[][] states, float[][] scores) {
        this.states = states;
        this.scores = scores;
        classes = scores.length == 0 ? 0 : scores[0].length;
        once = IntStream.generate(() -> 1).limit(scores.length).toArray();
        ranked = new int[classes][];
    }

    /**
     * Returns the scores of images.
     *
     * @param scores [images][classes]; not to be changed
     * @throws IllegalArgumentException if a score is NaN or infinite, or there are not as many rows as labels
     */
    public static LabelScores of(List<Labels> labels, float[][] scores) {
        Require.that(
                labels.size() == scores.length,
                "expected as many labels as rows of scores, got %d and %d",
                labels.size(),
                scores.length);
        int[][] states = new int[scores.length][];
        for (int i = 0; i < states.length; i++) {
            Labels own = labels.get(i);
            Predictions.argmax(scores[i]); // refuses NaN
            states[i] = IntStream.range(0, scores[i].length).map(own::state).toArray();
        }
        return new LabelScores(states, scores);
    }

    /** Returns the number of images that show a class. */
    public int positives(int label) {
        return (int) Arrays.stream(states)
                .filter(row -> row[label] == Labels.PRESENT)
                .count();
    }

    /**
     * Returns the average precision of a class: the mean, over its positives, of the precision at their rank. Equal scores
     * are one group, with the precision at its end, as in scikit-learn.
     */
    public Double averagePrecision(int label) {
        return averagePrecision(label, once);
    }

    private Double averagePrecision(int label, int[] times) {
        int seen = 0;
        int right = 0;
        double sum = 0;
        int[] order = ranked(label);
        for (int from = 0, to; from < order.length; from = to) {
            int found = 0;
            for (to = from; to < order.length && score(order[to]) == score(order[from]); to++) {
                int count = times[order[to] / classes];
                seen += count;
                found += isPresent(order[to]) ? count : 0;
            }
            right += found;
            sum += found == 0 ? 0 : found * ((double) right / seen);
        }
        return percent(sum, right);
    }

    int[] ranked(int label) {
        if (ranked[label] == null) {
            ranked[label] = ranked(label, label + 1);
        }
        return ranked[label];
    }

    /** Returns the known entries of some classes from the highest score, each as image · classes + class. */
    private int[] ranked(int from, int to) {
        return IntStream.range(0, scores.length)
                .flatMap(i -> IntStream.range(from, to)
                        .filter(k -> states[i][k] != Labels.UNKNOWN)
                        .map(k -> i * classes + k))
                .mapToLong(entry -> {
                    int bits = Float.floatToIntBits(score(entry));
                    return (long) ~(bits ^ (bits >> 31 & Integer.MAX_VALUE)) << Integer.SIZE
                            | entry; // ascends as scores descend
                })
                .sorted()
                .mapToInt(key -> (int) key)
                .toArray();
    }

    private float score(int entry) {
        return scores[entry / classes][entry % classes];
    }

    private boolean isPresent(int entry) {
        return states[entry / classes][entry % classes] == Labels.PRESENT;
    }

    private static Double percent(double part, double whole) {
        return whole == 0 ? null : (Double) (100 * part / whole);
    }

    /** Returns the mean average precision (mAP). */
    public Double meanAveragePrecision() {
        return meanAveragePrecision(once);
    }

    private Double meanAveragePrecision(int[] times) {
        double[] all = IntStream.range(0, classes)
                .mapToObj(k -> averagePrecision(k, times))
                .filter(Objects::nonNull)
                .mapToDouble(Double::doubleValue)
                .toArray();
        return percent(Arrays.stream(all).sum() / 100, all.length);
    }

    /**
     * Agreement of sets of labels with the truth.
     *
     * @param cp mean precision of the classes; 0 for one that is never predicted
     * @param cr mean recall of the classes
     * @param cf1 harmonic mean of both (CF1 of ML-GCN and most tables)
     * @param macroF1 mean F1 of the classes (called CF1 by some)
     * @param op precision over all entries
     * @param or recall over all entries
     * @param of1 F1 over all entries
     * @param subsetAccuracy share of the images without unknown labels whose set is right
     * @param hammingLoss share of the known entries that are wrong
     * @param classes number of classes in the means
     */
    public record Agreement(
            Double cp,
            Double cr,
            Double cf1,
            Double macroF1,
            Double op,
            Double or,
            Double of1,
            Double subsetAccuracy,
            Double hammingLoss,
            int classes) {}

    /** Returns the agreement of the labels whose scores reach the thresholds of their classes. */
    public Agreement at(Decision decision) {
        return agreement(decision, once);
    }

    /** Returns the agreement of each image's {@value #TOP} best labels, however low their scores. */
    public Agreement top() {
        return at(Decision.BEST);
    }

    private Agreement agreement(Decision decision, int[] times) {
        int[][] counts = new int[classes][4]; // by 2 · predicted + present
        int known = 0;
        int exact = 0;
        for (int i = 0; i < scores.length; i++) {
            boolean[] predicted = decision.predicted(scores[i]);
            boolean right = true;
            boolean judged = true;
            for (int k = 0; k < classes; k++) {
                int state = states[i][k];
                if (state == Labels.UNKNOWN) {
                    judged = false;
                } else {
                    counts[k][(predicted[k] ? 2 : 0) + state] += times[i];
                    right &= predicted[k] == (state == Labels.PRESENT);
                }
            }
            known += judged ? times[i] : 0;
            exact += judged && right ? times[i] : 0;
        }
        double precisions = 0;
        double recalls = 0;
        double f1s = 0;
        int means = 0;
        int[] all = new int[4];
        for (int[] own : counts) {
            Arrays.setAll(all, c -> all[c] + own[c]);
            if (own[1] + own[3] > 0) {
                means++;
                precisions += (double) own[3] / Math.max(1, own[2] + own[3]);
                recalls += (double) own[3] / (own[1] + own[3]);
                f1s += f1(own);
            }
        }
        Double cp = percent(precisions, means);
        Double cr = percent(recalls, means);
        return new Agreement(
                cp,
                cr,
                cp == null ? cp : (Double) (cp + cr == 0 ? 0 : 2 * cp * cr / (cp + cr)),
                percent(f1s, means),
                percent(all[3], all[2] + all[3]),
                percent(all[3], all[1] + all[3]),
                percent(2.0 * all[3], 2 * all[3] + all[1] + all[2]),
                percent(exact, known),
                percent(all[1] + all[2], Arrays.stream(all).sum()),
                means);
    }

    private static double f1(int[] counts) {
        return 2.0 * counts[3] / (2 * counts[3] + counts[1] + counts[2]);
    }

    /** A value of resampled images: an image may count several times, or not at all. */
    public interface Measure {

        /** Returns the value; null if there is nothing to divide by. */
        Double of(LabelScores scores, int[] times);

        /** Mean average precision. */
        Measure MAP = LabelScores::meanAveragePrecision;

        /** Average precision of a class. */
        static Measure ap(int label) {
            return (scores, times) -> scores.averagePrecision(label, times);
        }

        /** F1 over all entries at a decision. */
        static Measure of1(Decision decision) {
            return (scores, times) -> scores.agreement(decision, times).of1;
        }

        /** The difference of two methods on the same images: that of the scores given to {@link #of} less another. */
        default Measure less(Measure theirs, LabelScores others) {
            return (scores, times) -> {
                Double own = of(scores, times);
                Double other = theirs.of(others, times);
                return own == null || other == null ? null : (Double) (own - other);
            };
        }
    }

    /**
     * Bounds of 95 % of the resampled values.
     *
     * @param low lower end
     * @param high upper end
     */
    public record Bounds(double low, double high) {

        /** Returns the 2.5 and 97.5 % quantiles of the values that are not null, with linear interpolation; or null. */
        static Bounds of(List<Double> values) {
            double[] sorted = values.stream()
                    .filter(Objects::nonNull)
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .toArray();
            DoubleUnaryOperator quantile = share -> {
                double place = share * (sorted.length - 1);
                int below = (int) place;
                int above = Math.min(below + 1, sorted.length - 1);
                return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
            };
            return sorted.length == 0
                    ? null
                    : new Bounds(quantile.applyAsDouble(TAIL), quantile.applyAsDouble(1 - TAIL));
        }
    }

    /** Returns the bounds of a measure by bootstrap over the images, the same resamples for the same seed; or null. */
    public Bounds bounds(Measure measure, long seed) {
        IntStream.range(0, classes).forEach(this::ranked);
        return Bounds.of(IntStream.range(0, scores.length == 0 ? 0 : RESAMPLES)
                .parallel()
                .mapToObj(resample -> {
                    int[] times = new int[scores.length];
                    new SplittableRandom(seed + resample)
                            .ints(scores.length, 0, scores.length)
                            .forEach(i -> times[i]++);
                    return measure.of(this, times);
                })
                .toList());
    }

    /** Returns the expected calibration error of a decision's probabilities over all known entries, 0 to 1. */
    public double calibrationError(Decision decision) {
        int[] entries = ranked(0, classes);
        double[] p = IntStream.of(entries)
                .mapToDouble(e -> decision.probability(score(e)))
                .toArray();
        boolean[] present = new boolean[p.length];
        IntStream.range(0, p.length).forEach(i -> present[i] = isPresent(entries[i]));
        return Calibration.of(p, present, Calibration.USUAL_BINS).expectedError();
    }

    /**
     * A threshold and what it reaches on the scores that chose it.
     *
     * @param threshold the least score of a label that is predicted
     * @param f1 0 to 1
     */
    record Cut(double threshold, double f1) {

        /** Returns the highest cut with the best F1; null without positives. */
        static Cut best(LabelScores scores, int[] entries) {
            long positives = IntStream.of(entries).filter(scores::isPresent).count();
            Cut best = null;
            int right = 0;
            for (int i = 0; i < entries.length && positives > 0; i++) {
                right += scores.isPresent(entries[i]) ? 1 : 0;
                double score = scores.score(entries[i]);
                double next = i + 1 < entries.length ? scores.score(entries[i + 1]) : score - 1;
                double f1 = 2.0 * right / (positives + i + 1);
                if (next < score && (best == null || f1 > best.f1)) {
                    best = new Cut((score + next) / 2, f1);
                }
            }
            return best;
        }
    }

    /**
     * The way from scores to labels and probabilities: a label is predicted if its score reaches a threshold, and its
     * probability is the sigmoid of slope · score + offset.
     *
     * @param shared the threshold of all classes without one of their own; null if there is none
     * @param own thresholds of each class, null for the shared one; empty if no class has its own. Without any threshold
     *     the {@value #TOP} best labels are predicted
     */
    public record Decision(Double shared, List<Double> own, double slope, double offset) {

        /** Half a probability of a sigmoid. */
        public static final Decision EVEN = new Decision(0.0, List.of(), 1, 0);

        /** The best labels, however low their scores. */
        public static final Decision BEST = new Decision(null, List.of(), 1, 0);

        /** Positives from which a threshold of a class is better than the shared one. */
        public static final int ENOUGH = 50;

        /** Standard deviations above the mean from which {@link #ofPool} predicts. */
        private static final double UNUSUAL = 2;

        private static final double ACCURACY = 1e-12;
        private static final int MOST_STEPS = 100;

        public Decision {
            own = own == null ? List.of() : Collections.unmodifiableList(new ArrayList<>(own));
            Require.that(
                    Double.isFinite(slope) && Double.isFinite(offset),
                    "decision: expected numbers, got %s and %s",
                    slope,
                    offset);
        }

        /**
         * Returns the decision with the best F1 on some scores, and with their probabilities by Platt's scaling (Platt,
         * Probabilistic Outputs for Support Vector Machines, 1999).
         *
         * @param least positives of a class from which it has a threshold of its own; 0 for a shared one only
         */
        public static Decision of(LabelScores scores, int least) {
            int[] all = scores.ranked(0, scores.classes);
            Cut shared = Cut.best(scores, all);
            List<Double> own = new ArrayList<>();
            for (int k = 0; k < scores.classes && least > 0; k++) {
                own.add(scores.positives(k) >= least ? (Double) Cut.best(scores, scores.ranked(k)).threshold : null);
            }
            double[] line = platt(scores, all);
            return new Decision(shared == null ? null : shared.threshold, own, line[0], line[1]);
        }

        /**
         * Returns the decision by unusually high scores: above the mean of the class's scores of unlabelled images by twice
         * their standard deviation. Its probabilities mean nothing.
         */
        public static Decision ofPool(float[][] pool) {
            return ofPool(pool, UNUSUAL);
        }

        static Decision ofPool(float[][] pool, double deviations) {
            List<Double> own = new ArrayList<>();
            for (int k = 0; k < pool[0].length; k++) {
                int label = k;
                double[] column = Stream.of(pool).mapToDouble(row -> row[label]).toArray();
                double mean = Arrays.stream(column).average().orElseThrow();
                double variance = Arrays.stream(column)
                        .map(s -> (s - mean) * (s - mean))
                        .average()
                        .orElseThrow();
                own.add(mean + deviations * Math.sqrt(variance));
            }
            return new Decision(null, own, 1, 0);
        }

        /** Returns the slope and the offset of the likeliest sigmoid, by Newton's method. */
        private static double[] platt(LabelScores scores, int[] entries) {
            double positives = IntStream.of(entries).filter(scores::isPresent).count();
            double high = (positives + 1) / (positives + 2);
            double low = 1 / (entries.length - positives + 2);
            double[] at = {0, Math.log((positives + 1) / (entries.length - positives + 1))};
            for (int step = 0; step < MOST_STEPS; step++) {
                double[] sums = sums(scores, entries, high, low, at);
                double determinant = sums[3] * sums[5] - sums[4] * sums[4] + Double.MIN_NORMAL;
                double da = (sums[4] * sums[2] - sums[5] * sums[1]) / determinant;
                double db = (sums[4] * sums[1] - sums[3] * sums[2]) / determinant;
                double decrement = -(sums[1] * da + sums[2] * db);
                double[] next = {at[0] + da, at[1] + db};
                for (double length = 0.5;
                        sums(scores, entries, high, low, next)[0] > sums[0] * (1 + ACCURACY);
                        length /= 2) {
                    next = new double[] {at[0] + length * da, at[1] + length * db};
                }
                at = next;
                if (decrement <= ACCURACY * sums[0]) {
                    break;
                }
            }
            return at;
        }

        /** Returns the loss, its derivatives in slope and offset, and its second derivatives. */
        private static double[] sums(LabelScores scores, int[] entries, double high, double low, double[] line) {
            double[] sums = new double[6];
            for (int entry : entries) {
                double s = scores.score(entry);
                double z = line[0] * s + line[1];
                double p = 1 / (1 + Math.exp(-z));
                double target = scores.isPresent(entry) ? high : low;
                double weight = p * (1 - p);
                sums[0] += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
                sums[1] += (p - target) * s;
                sums[2] += p - target;
                sums[3] += weight * s * s;
                sums[4] += weight * s;
                sums[5] += weight;
            }
            return sums;
        }

        /** Returns the threshold of a class; null if there is none. */
        public Double threshold(int label) {
            return own.isEmpty() || own.get(label) == null ? shared : own.get(label);
        }

        /** Returns the probability of a label with a score. */
        public double probability(double score) {
            return 1 / (1 + Math.exp(-slope * score - offset));
        }

        /** Returns the probabilities of an image's labels; without any threshold they are a softmax, which only ranks. */
        public double[] probabilities(float[] scores) {
            return equals(BEST)
                    ? Predictions.softmax(scores)
                    : IntStream.range(0, scores.length)
                            .mapToDouble(k -> probability(scores[k]))
                            .toArray();
        }

        /** Returns true for each class that is predicted. */
        public boolean[] predicted(float[] scores) {
            boolean[] predicted = new boolean[scores.length];
            if (shared == null && own.isEmpty()) {
                IntStream.range(0, scores.length)
                        .boxed()
                        .sorted(Comparator.comparing(k -> 0 - scores[k]))
                        .limit(TOP)
                        .forEach(k -> predicted[k] = true);
                return predicted;
            }
            for (int k = 0; k < scores.length; k++) {
                Double threshold = threshold(k);
                predicted[k] = threshold != null && scores[k] >= threshold;
            }
            return predicted;
        }

        /** Returns the decision for other classes: those at negative positions have the shared threshold. */
        public Decision select(int[] positions) {
            return own.isEmpty()
                    ? this
                    : new Decision(
                            shared,
                            IntStream.of(positions)
                                    .mapToObj(i -> i < 0 ? null : own.get(i))
                                    .toList(),
                            slope,
                            offset);
        }
    }
}
