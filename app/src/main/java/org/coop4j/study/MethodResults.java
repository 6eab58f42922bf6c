package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.partitioningBy;
import static org.coop4j.study.MethodResult.AVERAGE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.method.Method;
import org.coop4j.page.Shots;
import org.coop4j.study.MethodResult.Gain;
import org.coop4j.study.MethodResult.Setup;

/**
 * Results of methods on datasets, and their averages over the datasets.
 *
 * @param all in the order of the tables: averages, then the datasets as in the papers, in each methods with ascending shots
 */
public record MethodResults(List<MethodResult> all) {

    private static final int MOST_NAMED = 4;

    /** Sorts the results. */
    public MethodResults {
        all = all.stream()
                .sorted(comparing((MethodResult result) -> !result.dataset().equals(AVERAGE))
                        .thenComparing(MethodResult::dataset, PublishedNumbers.DATASETS)
                        .thenComparing(MethodResult::setup))
                .toList();
    }

    /** Joins lists of results. */
    static MethodResults all(List<List<MethodResult>> lists) {
        return new MethodResults(lists.stream().flatMap(List::stream).toList());
    }

    /** Returns some of the results. */
    MethodResults where(Predicate<MethodResult> some) {
        return new MethodResults(all.stream().filter(some).toList());
    }

    /**
     * Adds averages over datasets to lists of results. All averages are over the same datasets, so that they can be
     * compared: a method that half of the datasets or more lack is not averaged, and a dataset that lacks one of the
     * others is left out.
     *
     * @param lists lists that must all have a method's result on a dataset, such as those on base and on new classes
     * @param notes gets what is left out and why
     */
    static List<MethodResults> averaged(List<MethodResults> lists, List<String> notes) {
        MethodResults any = all(lists.stream().map(MethodResults::all).toList());
        List<String> datasets = any.datasets();
        if (datasets.size() < 2) {
            return lists;
        }
        BiPredicate<String, Setup> lacks = (dataset, setup) ->
                lists.stream().anyMatch(list -> list.get(dataset, setup).isEmpty());
        Map<Boolean, List<Setup>> frequent = any.setups().stream()
                .collect(partitioningBy(setup -> 2
                                * datasets.stream()
                                        .filter(dataset -> lacks.test(dataset, setup))
                                        .count()
                        < datasets.size()));
        if (!frequent.get(false).isEmpty()) {
            notes.add("not averaged over the " + datasets.size() + " datasets, because half of them or more lack it: "
                    + named(frequent.get(false)));
        }
        List<String> common = new ArrayList<>(datasets);
        for (String dataset : datasets) {
            List<Setup> lacking = frequent.get(true).stream()
                    .filter(setup -> lacks.test(dataset, setup))
                    .toList();
            if (!lacking.isEmpty()) {
                common.remove(dataset);
                notes.add("averages leave out " + dataset + ", which lacks " + named(lacking));
            }
        }
        if (common.size() < 2) {
            notes.add("no averages over datasets: fewer than two have all of " + named(frequent.get(true)));
            return lists;
        }
        return lists.stream()
                .map(list -> all(List.of(
                        list.all,
                        frequent.get(true).stream()
                                .map(setup -> MethodResult.average(list.get(common, setup)))
                                .toList())))
                .toList();
    }

    /** Returns the results without the seeds that another list lacks. */
    MethodResults onlySeedsOf(MethodResults others) {
        return new MethodResults(all.stream()
                .flatMap(one ->
                        others.get(one.dataset(), one.setup()).map(one::onlySeedsOf).orElse(Optional.of(one)).stream())
                .toList());
    }

    private static String named(List<Setup> setups) {
        return Numbers.some(setups.stream().map(Setup::toString).toList(), MOST_NAMED);
    }

    /** Returns a result on a dataset, or an average. */
    public Optional<MethodResult> get(String dataset, Setup setup) {
        return on(dataset).stream()
                .filter(result -> result.setup().equals(setup))
                .findFirst();
    }

    /** Returns a method's results on the datasets that have it. */
    List<MethodResult> get(List<String> datasets, Setup setup) {
        return datasets.stream()
                .flatMap(dataset -> get(dataset, setup).stream())
                .toList();
    }

    /** Returns the baseline of a dataset, or of the averages: the dataset's own hand-written prompt. */
    public Optional<MethodResult> zeroShot(String dataset) {
        return get(dataset, Setup.ZERO_SHOT);
    }

    /** Returns true if no method is better on the same data with as many images. */
    boolean isBest(MethodResult result) {
        return on(result.dataset()).stream()
                .filter(other -> other.shots().equals(result.shots()))
                .noneMatch(other -> other.accuracy() > result.accuracy());
    }

    /** Returns the gain over zero-shot on the same data; not a number if it is unknown. */
    Gain gain(MethodResult result) {
        return zeroShot(result.dataset())
                .filter(zeroShot -> !result.method().equals(MethodLabel.ZERO_SHOT))
                .map(result::gainOver)
                .orElse(new Gain(Double.NaN, Optional.empty()));
    }

    /** Returns all results on a dataset, or all averages, by method and shots. */
    public List<MethodResult> on(String dataset) {
        return all.stream().filter(result -> result.dataset().equals(dataset)).toList();
    }

    /** Returns all results but averages. */
    public List<MethodResult> cells() {
        return all.stream().filter(result -> !result.dataset().equals(AVERAGE)).toList();
    }

    /** Returns all datasets. */
    public List<String> datasets() {
        return cells().stream().map(MethodResult::dataset).distinct().toList();
    }

    /** Returns all methods with all their shots. */
    public List<Setup> setups() {
        return all.stream().map(MethodResult::setup).distinct().sorted().toList();
    }

    /** Returns all methods. */
    public List<MethodLabel> methods() {
        return setups().stream().map(Setup::method).distinct().toList();
    }

    /** Returns the numbers of training images per class of methods that learn, ascending. */
    public List<Shots> shots() {
        return all.stream()
                .map(MethodResult::shots)
                .filter(shots -> !shots.equals(Shots.NONE))
                .distinct()
                .sorted()
                .toList();
    }

    /** Returns the datasets that all averages are over; none if there are no averages. */
    public List<String> averaged() {
        return on(AVERAGE).stream().findFirst().map(MethodResult::datasets).orElse(List.of());
    }

    /** Returns the method that a short summary shows: the paper's CoOp, else another, else any learned. */
    public Optional<MethodLabel> main() {
        Method coop = Method.standard();
        return methods().stream()
                .filter(method -> !method.isWithoutTraining())
                .min(comparing((MethodLabel m) -> !m.isOf(coop))
                        .thenComparing(m -> !m.method().equals(coop)));
    }

    /** Returns the main method's results on a dataset, or its averages. */
    Stream<MethodResult> ofMain(String dataset) {
        return on(dataset).stream().filter(result -> main().equals(Optional.of(result.method())));
    }
}
