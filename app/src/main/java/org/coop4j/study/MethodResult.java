package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.inference.TTest;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.RunResult;

/**
 * A method's results on a dataset, one for each seed.
 *
 * @param dataset the test data
 * @param method the method
 * @param shots training images a class
 * @param bySeed what was measured, by seed; one alone if the seed makes no difference
 */
public record MethodResult(String dataset, MethodLabel method, Shots shots, SortedMap<Long, Measured> bySeed) {

    /** A score of a run, in percent. */
    public enum Measure {
        /** Share of test images classified rightly. */
        ACCURACY,
        /** Mean F1 over the classes. */
        MACRO_F1,
        /** Expected calibration error over 15 bins: small is good. */
        CALIBRATION_ERROR
    }

    /**
     * What one run measured, or one hand-written prompt, of which the accuracy alone is known.
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
                    List.copyOf(result.perClass()));
        }

        static Measured of(double accuracy) {
            return new Measured(Map.of(Measure.ACCURACY, accuracy), List.of());
        }

        double accuracy() {
            return scores.get(Measure.ACCURACY);
        }
    }

    /** Differences of percentages that are the same come out as equal as this. */
    private static final double ROUNDING = 1e-9;

    /** Copies the results. */
    public MethodResult {
        bySeed = Collections.unmodifiableSortedMap(new TreeMap<>(bySeed));
        if (bySeed.isEmpty()) {
            throw new IllegalArgumentException("no result of " + method.id() + " on " + dataset);
        }
    }

    /** The seeds, ascending. */
    public List<Long> seeds() {
        return List.copyOf(bySeed.keySet());
    }

    /** "1, 2, 3". */
    public String seedsText() {
        return seeds().stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    /** Mean accuracy over the seeds. */
    public double accuracy() {
        return summary(Measure.ACCURACY).orElseThrow().mean();
    }

    /** A score over the seeds, if all results have it. */
    public Optional<SeedSummary> summary(Measure measure) {
        if (bySeed.values().stream().anyMatch(measured -> !measured.scores.containsKey(measure))) {
            return Optional.empty();
        }
        return Optional.of(SeedSummary.of(bySeed.values(), measured -> measured.scores.get(measure)));
    }

    /** The results of the seeds that another has too; what holds for all seeds stays. */
    Optional<MethodResult> onlySeedsOf(MethodResult other) {
        if (holdsForAllSeeds() || other.holdsForAllSeeds()) {
            return Optional.of(this);
        }
        SortedMap<Long, Measured> common = new TreeMap<>(bySeed);
        common.keySet().retainAll(other.bySeed.keySet());
        return common.isEmpty() ? Optional.empty() : Optional.of(new MethodResult(dataset, method, shots, common));
    }

    private boolean holdsForAllSeeds() {
        return method.isWithoutTraining() && bySeed.size() == 1;
    }

    /**
     * How much better it is than another, over the seeds that both have; what holds for all seeds
     * is compared with each.
     *
     * @param difference mean of this − other, in points
     * @param pValue of Student's paired t test, two-sided; none if there is one pair alone or
     *     nothing varies
     */
    public record Gain(double difference, Optional<Double> pValue) {}

    /** The gain in accuracy over zero-shot, or none if they have no seed in common. */
    public Optional<Gain> gainOver(MethodResult zeroShot) {
        List<Double> own = new ArrayList<>();
        List<Double> others = new ArrayList<>();
        for (Map.Entry<Long, Measured> entry : bySeed.entrySet()) {
            Measured other = zeroShot.holdsForAllSeeds()
                    ? zeroShot.bySeed.get(zeroShot.bySeed.firstKey())
                    : zeroShot.bySeed.get(entry.getKey());
            if (other != null) {
                own.add(entry.getValue().accuracy());
                others.add(other.accuracy());
            }
        }
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
