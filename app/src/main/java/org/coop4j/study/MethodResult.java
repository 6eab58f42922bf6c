package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.inference.TTest;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.RunResult;

/**
 * Scores of a method on a dataset, one set for each seed.
 *
 * @param dataset the test data
 * @param method the method
 * @param shots training images per class
 * @param bySeed scores by seed; of seed 0 alone if the seed makes no difference
 */
public record MethodResult(String dataset, MethodLabel method, Shots shots, SortedMap<Long, Measured> bySeed) {

    /** A score of a run, in percent. */
    public enum Measure {
        /** Share of test images classified correctly. */
        ACCURACY,
        /** Mean F1 over the classes. */
        MACRO_F1,
        /** Expected calibration error over 15 bins; small is good. */
        CALIBRATION_ERROR
    }

    /**
     * Scores of one run, or of one hand-written prompt, of which the accuracy alone is known.
     *
     * @param scores in percent, those that are known
     * @param perClass results of each class, if known
     */
    public record Measured(Map<Measure, Double> scores, List<RunResult.PerClass> perClass) {

        static Measured of(RunResult result) {
            return new Measured(
                    Map.of(
                            Measure.ACCURACY,
                            result.accuracy(),
                            Measure.MACRO_F1,
                            result.macroF1(),
                            Measure.CALIBRATION_ERROR,
                            100 * result.calibrationError()),
                    result.perClass());
        }

        static Measured of(double accuracy) {
            return new Measured(Map.of(Measure.ACCURACY, accuracy), List.of());
        }

        double accuracy() {
            return scores.get(Measure.ACCURACY);
        }
    }

    /** Differences of percentages are the same if they are as close as this. */
    private static final double ROUNDING = 1e-9;

    /** Copies the results; equal ones of a method without training are one for all seeds. */
    public MethodResult {
        boolean same =
                bySeed.values().stream().map(Measured::accuracy).distinct().count() == 1;
        bySeed = Collections.unmodifiableSortedMap(
                same && method.isWithoutTraining()
                        ? new TreeMap<>(Map.of(0L, bySeed.get(bySeed.firstKey())))
                        : new TreeMap<>(bySeed));
    }

    /** Returns the seeds, ascending. */
    public List<Long> seeds() {
        return List.copyOf(bySeed.keySet());
    }

    /** Returns the mean accuracy over the seeds. */
    public double accuracy() {
        return summary(Measure.ACCURACY).orElseThrow().mean();
    }

    /** Returns a score over the seeds, if all results have it. */
    public Optional<SeedSummary> summary(Measure measure) {
        return bySeed.values().stream().allMatch(measured -> measured.scores.containsKey(measure))
                ? Optional.of(SeedSummary.of(bySeed.values(), measured -> measured.scores.get(measure)))
                : Optional.empty();
    }

    /** Returns the results of the seeds that another has too; those that hold for all seeds stay. */
    Optional<MethodResult> onlySeedsOf(MethodResult other) {
        SortedMap<Long, Measured> common = new TreeMap<>(bySeed);
        if (!holdsForAllSeeds() && !other.holdsForAllSeeds()) {
            common.keySet().retainAll(other.bySeed.keySet());
        }
        return common.isEmpty() ? Optional.empty() : Optional.of(new MethodResult(dataset, method, shots, common));
    }

    private boolean holdsForAllSeeds() {
        return method.isWithoutTraining() && bySeed.size() == 1;
    }

    /**
     * Difference from another result, over the seeds that both have.
     *
     * @param difference mean of this − other, in points
     * @param pValue of Student's paired t test, two-sided; empty for a single pair or equal differences
     */
    public record Gain(double difference, Optional<Double> pValue) {}

    /** Returns the gain in accuracy over zero-shot, or none if they have no seed in common. */
    public Optional<Gain> gainOver(MethodResult zeroShot) {
        List<Double> own = new ArrayList<>();
        List<Double> others = new ArrayList<>();
        bySeed.forEach((seed, measured) -> {
            Measured other = zeroShot.bySeed.get(zeroShot.holdsForAllSeeds() ? zeroShot.bySeed.firstKey() : seed);
            if (other != null) {
                own.add(measured.accuracy());
                others.add(other.accuracy());
            }
        });
        return own.isEmpty() ? Optional.empty() : Optional.of(gain(own, others));
    }

    static Gain gain(List<Double> own, List<Double> others) {
        double[] first = own.stream().mapToDouble(Double::doubleValue).toArray();
        double[] second = others.stream().mapToDouble(Double::doubleValue).toArray();
        double[] differences = new double[first.length];
        for (int i = 0; i < first.length; i++) {
            differences[i] = first[i] - second[i];
        }
        // Equal differences leave nothing to estimate the spread from.
        boolean varies = StatUtils.max(differences) - StatUtils.min(differences) > ROUNDING;
        return new Gain(
                StatUtils.mean(differences),
                varies ? Optional.of(new TTest().pairedTTest(first, second)) : Optional.empty());
    }
}
