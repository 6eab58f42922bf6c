package org.coop4j.study;

import static java.util.stream.Collectors.toMap;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.inference.TTest;
import org.apache.commons.math3.util.MathArrays;
import org.coop4j.console.SeedSummary;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.study.Score.Measure;
import org.coop4j.study.Score.Place;
import org.coop4j.study.Score.Setup;

/**
 * The scores of a method over the seeds; or their averages over several datasets.
 *
 * @param bySeed scores by seed; one of seed 0 if nothing is learned and all seeds are equal
 * @param averaged the results that it is the average of; empty for a result on one dataset
 */
public record Result(Place place, SortedMap<Long, Score> bySeed, List<Result> averaged) {

    /** Differences of percentages are the same if they are as close as this. */
    static final double ROUNDING = 1e-9;

    /** Makes the result of scores with different seeds. */
    static Result of(List<Score> scores) {
        Place place = scores.get(0).place();
        boolean same = scores.stream().map(Score::value).distinct().count() == 1;
        return new Result(
                place,
                same && place.isWithoutTraining()
                        ? new TreeMap<>(Map.of(0L, scores.get(0)))
                        : new TreeMap<>(scores.stream().collect(toMap(Score::seed, score -> score))),
                List.of());
    }

    /** Averages a method's results over datasets: seed by seed if all have the same seeds, else their means. */
    static Result average(List<Result> results) {
        Place first = results.get(0).place;
        Place place = new Place(Place.AVERAGE, Place.AVERAGE, first.half(), first.setup());
        boolean same = results.stream().map(Result::seeds).distinct().count() == 1;
        SortedMap<Long, Score> bySeed = new TreeMap<>();
        for (long seed : same ? results.get(0).seeds() : List.of(0L)) {
            List<Score> all = results.stream()
                    .map(one -> same ? one.bySeed.get(seed) : Score.mean(place, seed, one.bySeed.values()))
                    .toList();
            bySeed.put(seed, Score.mean(place, seed, all));
        }
        return new Result(place, bySeed, results);
    }

    /** Returns the result under another method's name. */
    Result as(Place other) {
        return new Result(other, bySeed, averaged);
    }

    /** Returns the dataset tested on, or {@link Place#AVERAGE}. */
    public String dataset() {
        return place.dataset();
    }

    /** Returns the classes tested on. */
    public ClassHalf half() {
        return place.half();
    }

    /** Returns the method with its shots. */
    public Setup setup() {
        return place.setup();
    }

    /** Returns the method. */
    public MethodLabel method() {
        return place.setup().method();
    }

    /** Returns training images per class. */
    public Shots shots() {
        return place.setup().shots();
    }

    /** Returns the dataset, or the averaged datasets. */
    public List<String> datasets() {
        return averaged.isEmpty()
                ? List.of(dataset())
                : averaged.stream().map(Result::dataset).toList();
    }

    /** Returns the seeds, ascending. */
    public List<Long> seeds() {
        return List.copyOf(bySeed.keySet());
    }

    /** Returns the measure that tables show. */
    Measure measure() {
        return bySeed.values().iterator().next().measure();
    }

    /** Returns the accuracies, or of sets of labels the mean average precisions, over the seeds. */
    SeedSummary summary() {
        return summary(measure()).orElseThrow();
    }

    /** Returns the mean over the seeds of the accuracy, or of sets of labels of the mean average precision. */
    public double accuracy() {
        return summary().mean();
    }

    /** Returns a measure over the seeds, if all scores have it. */
    public Optional<SeedSummary> summary(Measure measure) {
        return bySeed.values().stream().allMatch(score -> score.values().containsKey(measure))
                ? Optional.of(
                        SeedSummary.of(bySeed.values(), score -> score.values().get(measure)))
                : Optional.empty();
    }

    /**
     * Difference from another result, over the seeds or the datasets that both have.
     *
     * @param difference mean of this − other, in points; not a number if they have none in common
     * @param pValue of Student's paired t test, two-sided; empty for a single pair or equal differences
     */
    public record Gain(double difference, Optional<Double> pValue) {

        static final Gain UNKNOWN = new Gain(Double.NaN, Optional.empty());

        static Gain of(double[] own, double[] others) {
            double[] differences = MathArrays.ebeSubtract(own, others);
            // Equal differences leave nothing to estimate the spread from.
            boolean varies = StatUtils.max(differences) - StatUtils.min(differences) > ROUNDING;
            return new Gain(
                    StatUtils.mean(differences),
                    varies ? Optional.of(new TTest().pairedTTest(own, others)) : Optional.empty());
        }
    }

    /** Returns the gain in accuracy over another result on the same data. */
    public Gain gainOver(Result other) {
        Map<Object, Double> own = accuracies();
        Map<Object, Double> others = other.accuracies();
        if (other.place.isWithoutTraining() && other.bySeed.size() == 1 && other.averaged.isEmpty()) {
            own.keySet().forEach(seed -> others.put(seed, other.accuracy())); // it holds for all seeds
        }
        own.keySet().retainAll(others.keySet());
        return Gain.of(
                own.values().stream().mapToDouble(a -> a).toArray(),
                own.keySet().stream().mapToDouble(others::get).toArray());
    }

    /** Returns accuracies by seed, or of an average by dataset. */
    private Map<Object, Double> accuracies() {
        Map<Object, Double> all = new LinkedHashMap<>();
        averaged.forEach(result -> all.put(result.dataset(), result.accuracy()));
        if (averaged.isEmpty()) {
            bySeed.forEach((seed, score) -> all.put(seed, score.value()));
        }
        return all;
    }

    /** Returns the harmonic mean of two accuracies, 0 if both are 0 (CoCoOp, section 4.1). */
    public static double harmonicMean(double base, double unseen) {
        return base + unseen == 0 ? 0 : 2 * base * unseen / (base + unseen);
    }
}
