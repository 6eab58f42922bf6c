package org.coop4j.study;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.inference.TTest;
import org.apache.commons.math3.util.MathArrays;
import org.coop4j.console.SeedSummary;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.PerClass;

/**
 * Scores of a method on a dataset, one set for each seed; or their averages over several datasets.
 *
 * @param dataset the test data; empty for an average
 * @param setup the method with its shots
 * @param bySeed scores by seed; of seed 0 alone if the seed makes no difference
 * @param averaged the results that it is the average of; empty for a result on one dataset
 */
public record MethodResult(String dataset, Setup setup, SortedMap<Long, Measured> bySeed, List<MethodResult> averaged) {

    /** Stands for a dataset in averages. */
    public static final String AVERAGE = "";

    /**
     * A method with a number of shots: a row of a table.
     *
     * @param shots training images per class
     */
    public record Setup(MethodLabel method, Shots shots) implements Comparable<Setup> {

        /** The hand-written prompt of the dataset. */
        public static final Setup ZERO_SHOT = MethodLabel.ZERO_SHOT.with(Shots.NONE);

        @Override
        public int compareTo(Setup other) {
            int byMethod = method.compareTo(other.method);
            return byMethod != 0 ? byMethod : shots.compareTo(other.shots);
        }

        @Override
        public String toString() {
            return shots.equals(Shots.NONE) ? method.id() : method.id() + ", " + shots.describe();
        }
    }

    /**
     * Scores in percent: all of a run, or the accuracy of a hand-written prompt, whose others are not a number.
     *
     * @param accuracy share of test images classified correctly; of sets of labels the mean average precision
     * @param macroF1 mean F1 over the classes
     * @param calibrationError expected calibration error over 15 bins; small is good
     * @param perClass results of each class, if known
     */
    public record Measured(double accuracy, double macroF1, double calibrationError, List<PerClass> perClass) {

        static Measured of(RunResult result) {
            return new Measured(result.value(), result.macroF1(), 100 * result.calibrationError(), result.perClass());
        }

        static Measured of(double accuracy) {
            return new Measured(accuracy, Double.NaN, Double.NaN, List.of());
        }

        private static Measured mean(Collection<Measured> all) {
            return new Measured(
                    mean(all, Measured::accuracy),
                    mean(all, Measured::macroF1),
                    mean(all, Measured::calibrationError),
                    List.of());
        }

        /** Returns the mean of a score; not a number unless all have it. */
        private static double mean(Collection<Measured> all, ToDoubleFunction<Measured> score) {
            return all.stream().mapToDouble(score).average().orElseThrow();
        }
    }

    /** Differences of percentages are the same if they are as close as this. */
    static final double ROUNDING = 1e-9;

    /** Copies the results; equal ones of a method without training are one for all seeds. */
    public MethodResult {
        boolean same =
                bySeed.values().stream().map(Measured::accuracy).distinct().count() == 1;
        bySeed = Collections.unmodifiableSortedMap(
                same && setup.method.isWithoutTraining()
                        ? new TreeMap<>(Map.of(0L, bySeed.get(bySeed.firstKey())))
                        : new TreeMap<>(bySeed));
    }

    MethodResult(String dataset, Setup setup, SortedMap<Long, Measured> bySeed) {
        this(dataset, setup, bySeed, List.of());
    }

    /**
     * Averages a method's results over datasets: seed by seed if all have the same seeds, else their
     * means. A score that one of them lacks has no average.
     */
    static MethodResult average(List<MethodResult> results) {
        MethodResult first = results.get(0);
        boolean same = results.stream().allMatch(one -> one.seeds().equals(first.seeds()));
        SortedMap<Long, Measured> bySeed = new TreeMap<>();
        for (long seed : same ? first.seeds() : List.of(0L)) {
            bySeed.put(
                    seed,
                    Measured.mean(results.stream()
                            .map(one -> same ? one.bySeed.get(seed) : Measured.mean(one.bySeed.values()))
                            .toList()));
        }
        return new MethodResult(AVERAGE, first.setup, bySeed, results);
    }

    /** Returns the result of a prompt under another label and dataset. */
    MethodResult as(String other, MethodLabel label) {
        return new MethodResult(other, label.with(Shots.NONE), bySeed);
    }

    /** Returns the method. */
    public MethodLabel method() {
        return setup.method;
    }

    /** Returns training images per class. */
    public Shots shots() {
        return setup.shots;
    }

    /** Returns the dataset, or the averaged datasets. */
    public List<String> datasets() {
        return averaged.isEmpty()
                ? List.of(dataset)
                : averaged.stream().map(MethodResult::dataset).toList();
    }

    /** Returns the seeds, ascending. */
    public List<Long> seeds() {
        return List.copyOf(bySeed.keySet());
    }

    /** Returns the mean accuracy over the seeds. */
    public double accuracy() {
        return Measured.mean(bySeed.values(), Measured::accuracy);
    }

    /** Returns a score over the seeds, if all results have it. */
    public Optional<SeedSummary> summary(ToDoubleFunction<Measured> score) {
        return Double.isNaN(Measured.mean(bySeed.values(), score))
                ? Optional.empty()
                : Optional.of(SeedSummary.of(bySeed.values(), score));
    }

    /** Returns the results of the seeds that another result shares; results that hold for all seeds stay. */
    Optional<MethodResult> onlySeedsOf(MethodResult other) {
        SortedMap<Long, Measured> common = new TreeMap<>(bySeed);
        if (!holdsForAllSeeds() && !other.holdsForAllSeeds()) {
            common.keySet().retainAll(other.bySeed.keySet());
        }
        return common.isEmpty() ? Optional.empty() : Optional.of(new MethodResult(dataset, setup, common));
    }

    private boolean holdsForAllSeeds() {
        return setup.method.isWithoutTraining() && bySeed.size() == 1 && averaged.isEmpty();
    }

    /**
     * Difference from another result, over the seeds or the datasets that both have.
     *
     * @param difference mean of this − other, in points
     * @param pValue of Student's paired t test, two-sided; empty for a single pair or equal differences
     */
    public record Gain(double difference, Optional<Double> pValue) {}

    /** Returns the gain in accuracy over another result on the same data; not a number if they have no seed in common. */
    public Gain gainOver(MethodResult other) {
        Map<Object, Double> own = accuracies();
        Map<Object, Double> others = other.accuracies();
        if (other.holdsForAllSeeds()) {
            own.keySet().forEach(seed -> others.put(seed, other.accuracy()));
        }
        own.keySet().retainAll(others.keySet());
        return gain(
                own.values().stream().mapToDouble(a -> a).toArray(),
                own.keySet().stream().mapToDouble(others::get).toArray());
    }

    /** Returns accuracies by seed, or of an average by dataset. */
    private Map<Object, Double> accuracies() {
        Map<Object, Double> all = new LinkedHashMap<>();
        averaged.forEach(result -> all.put(result.dataset, result.accuracy()));
        if (averaged.isEmpty()) {
            bySeed.forEach((seed, measured) -> all.put(seed, measured.accuracy()));
        }
        return all;
    }

    static Gain gain(double[] own, double[] others) {
        double[] differences = MathArrays.ebeSubtract(own, others);
        // Equal differences leave nothing to estimate the spread from.
        boolean varies = StatUtils.max(differences) - StatUtils.min(differences) > ROUNDING;
        return new Gain(
                StatUtils.mean(differences),
                varies ? Optional.of(new TTest().pairedTTest(own, others)) : Optional.empty());
    }

    /** Returns the harmonic mean of two accuracies, 0 if both are 0 (CoCoOp, section 4.1). */
    public static double harmonicMean(double base, double unseen) {
        return base + unseen == 0 ? 0 : 2 * base * unseen / (base + unseen);
    }

    /** Returns the images of each class over all seeds, in the order of the first; empty if they are unknown. */
    public Map<String, PerClass> perClass() {
        Map<String, PerClass> sums = new LinkedHashMap<>();
        for (Measured measured : bySeed.values()) {
            Map<String, Integer> seen = new HashMap<>();
            for (PerClass one : measured.perClass) {
                // ImageNet has two classes called "missile".
                int nth = seen.merge(one.name(), 1, Integer::sum);
                sums.merge(
                        nth == 1 ? one.name() : one.name() + " (" + nth + ")",
                        one,
                        (a, b) -> new PerClass(a.name(), a.total() + b.total(), a.correct() + b.correct()));
            }
        }
        return sums;
    }
}
