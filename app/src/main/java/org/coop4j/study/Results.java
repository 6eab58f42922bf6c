package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.page.Shots;
import org.coop4j.study.Result.Gain;
import org.coop4j.study.Score.Place;
import org.coop4j.study.Score.Setup;

/**
 * Results of methods on datasets, and their averages over the datasets.
 *
 * @param all in the order of the tables: averages, then the datasets as in the papers, in each methods with ascending shots
 */
public record Results(List<Result> all) {

    private static final int MOST_NAMED = 6;

    /** Sorts the results. */
    public Results {
        all = all.stream().sorted(comparing(Result::place)).toList();
    }

    /** Groups items by a key, in the order of the first of each. */
    public static <K, T> Map<K, List<T>> grouped(Collection<T> all, Function<T, K> key) {
        return all.stream().collect(groupingBy(key, LinkedHashMap::new, toList()));
    }

    /** Returns the means over the seeds. */
    public static Results of(Collection<Score> scores) {
        return new Results(
                grouped(scores, Score::place).values().stream().map(Result::of).toList());
    }

    /** Returns some of the results. */
    Results where(Predicate<Result> some) {
        return new Results(all.stream().filter(some).toList());
    }

    /** Returns these results and more. */
    Results and(Results more) {
        return new Results(Stream.concat(all.stream(), more.all.stream()).toList());
    }

    /**
     * Adds averages over datasets. All are over the same datasets, so that they can be compared: a method that half of the
     * datasets or more lack is not averaged, and a dataset that lacks one of the others is left out. If these are results on
     * base and on new classes, both are needed.
     *
     * @param notes gets what is left out
     */
    Results averaged(List<String> notes) {
        List<String> datasets = datasets();
        if (datasets.size() < 2) {
            return this;
        }
        if (all.stream().map(Result::measure).distinct().count() > 1) {
            notes.add("there are no averages: some datasets have accuracies, and others mean average precisions (mAP)");
            return this;
        }
        int halves = grouped(all, Result::half).size();
        Map<Setup, List<String>> having = new HashMap<>();
        grouped(all, result -> List.of(result.dataset(), result.setup())).values().stream()
                .filter(found -> found.size() == halves)
                .forEach(found -> having.computeIfAbsent(found.get(0).setup(), setup -> new ArrayList<>())
                        .add(found.get(0).dataset()));
        having.values().removeIf(some -> 2 * some.size() <= datasets.size());
        List<String> common = new ArrayList<>(datasets);
        having.values().forEach(common::retainAll);
        List<String> leftOut = Stream.concat(
                        datasets.stream().filter(dataset -> !common.contains(dataset)),
                        setups().stream()
                                .filter(setup -> !having.containsKey(setup))
                                .map(Setup::toString))
                .toList();
        if (!leftOut.isEmpty()) {
            notes.add("averages over %d of %d datasets leave out what is incomplete: %s"
                    .formatted(common.size(), datasets.size(), Numbers.some(leftOut, MOST_NAMED)));
        }
        Results complete = where(result -> common.contains(result.dataset()) && having.containsKey(result.setup()));
        return common.size() < 2
                ? this
                : and(new Results(
                        grouped(complete.all, result -> List.of(result.setup(), result.half())).values().stream()
                                .map(Result::average)
                                .toList()));
    }

    /** Returns all results on a dataset, or all averages, by method and shots. */
    public List<Result> on(String dataset) {
        return where(result -> result.dataset().equals(dataset)).all;
    }

    /** Returns a result on a dataset, or an average; of several halves of the classes that on the first. */
    public Optional<Result> get(String dataset, Setup setup) {
        return on(dataset).stream()
                .filter(result -> result.setup().equals(setup))
                .findFirst();
    }

    /** Returns the baseline of a dataset, or of the averages: the dataset's own hand-written prompt. */
    public Optional<Result> zeroShot(String dataset) {
        return get(dataset, Setup.ZERO_SHOT);
    }

    /** Returns true if no method is better on the same images with as many shots. */
    boolean isBest(Result result) {
        return on(result.dataset()).stream()
                .filter(other -> other.shots().equals(result.shots()) && other.half() == result.half())
                .noneMatch(other -> other.accuracy() > result.accuracy());
    }

    /** Returns the gain over zero-shot on the same data. */
    Gain gain(Result result) {
        return zeroShot(result.dataset())
                .filter(zeroShot -> !result.method().equals(MethodLabel.ZERO_SHOT))
                .map(result::gainOver)
                .orElse(Gain.UNKNOWN);
    }

    /** Returns all datasets. */
    public List<String> datasets() {
        return all.stream()
                .map(Result::dataset)
                .filter(dataset -> !dataset.equals(Place.AVERAGE))
                .distinct()
                .toList();
    }

    /** Returns the datasets that all averages are over; none if there are no averages. */
    public List<String> averaged() {
        return on(Place.AVERAGE).stream().findFirst().map(Result::datasets).orElse(List.of());
    }

    /** Returns all methods with all their shots. */
    public List<Setup> setups() {
        return all.stream().map(Result::setup).distinct().sorted().toList();
    }

    /** Returns all methods. */
    public List<MethodLabel> methods() {
        return setups().stream().map(Setup::method).distinct().toList();
    }

    /** Returns the numbers of training images per class, ascending; none stands for what is not learned. */
    public List<Shots> shots() {
        return all.stream().map(Result::shots).distinct().sorted().toList();
    }
}
