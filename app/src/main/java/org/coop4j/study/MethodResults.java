package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.coop4j.study.MethodResult.AVERAGE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.study.HandWrittenPrompts.Prompt;
import org.coop4j.study.MethodResult.Gain;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.DatasetNames;
import org.coop4j.study.Study.Entry;

/** Results by dataset, method and shots, and their averages over the datasets. */
public final class MethodResults {

    private static final int MOST_NAMED = 4;

    private final List<MethodResult> all = new ArrayList<>();

    /**
     * Returns the results of all runs that were tested on a half of the classes.
     *
     * @param chosen selects some of the runs
     */
    static MethodResults of(List<Entry> entries, ClassHalf half, Predicate<Entry> chosen) {
        List<Entry> some = entries.stream()
                .filter(entry -> entry.result().half() == half && chosen.test(entry))
                .toList();
        MethodResults results = new MethodResults();
        Study.grouped(some, entry -> List.of(entry.dataset(), entry.setup()))
                .values()
                .forEach(same -> {
                    SortedMap<Long, Measured> bySeed = new TreeMap<>();
                    same.forEach(entry -> bySeed.put(entry.result().seed(), Measured.of(entry.result())));
                    Entry first = same.get(0);
                    results.add(new MethodResult(first.dataset(), first.setup(), bySeed));
                });
        return results;
    }

    /**
     * Returns the results of what was learned from the data that it was tested on, and of hand-written prompts. Those
     * that training runs tested stand in where zero-shot has no run of its own.
     */
    static MethodResults ofOwn(List<Entry> entries, List<HandWrittenPrompts> handWritten, ClassHalf half) {
        MethodResults results = of(entries, half, entry -> !entry.run().isTransferred());
        for (HandWrittenPrompts prompts : handWritten) {
            if (prompts.half() == half && results.zeroShot(prompts.dataset()).isEmpty()) {
                prompts.prompts().stream()
                        .filter(Prompt::own)
                        .findFirst()
                        .ifPresent(own -> results.add(own.accuracies()));
                results.add(new MethodResult(
                        prompts.dataset(),
                        MethodLabel.BEST_HAND_WRITTEN.with(Shots.NONE),
                        prompts.best().accuracies().bySeed()));
            }
        }
        return results;
    }

    /**
     * Returns the results of methods that learned from, and were tested on, all classes of a dataset, with averages.
     * Datasets that were only tested on, with what was learned elsewhere, have a table of their own.
     *
     * @param notes is told what averages leave out
     */
    static MethodResults fewShot(List<Entry> entries, List<HandWrittenPrompts> handWritten, Consumer<String> notes) {
        MethodResults results = ofOwn(entries, handWritten, ClassHalf.ALL);
        Set<String> targets = entries.stream()
                .filter(entry -> entry.run().isTransferred())
                .map(Entry::dataset)
                .collect(toSet());
        results.cells().stream()
                .filter(cell -> !cell.method().isWithoutTraining())
                .forEach(cell -> targets.remove(cell.dataset()));
        results.all.removeIf(cell -> targets.contains(cell.dataset()));
        average(results.datasets(), results.setups(), List.of(results), notes);
        return results;
    }

    /**
     * Adds averages over datasets to some results. All averages are over the same datasets, so that they can be
     * compared: a method that half of the datasets or fewer have is not averaged, and a dataset that lacks one of the
     * others is left out.
     *
     * @param all results of which an average needs all, such as those on base and on new classes
     * @param notes is told what is left out and why
     */
    static void average(List<String> datasets, Set<Setup> setups, List<MethodResults> all, Consumer<String> notes) {
        if (datasets.size() < 2) {
            return;
        }
        BiPredicate<String, Setup> known = (dataset, setup) ->
                all.stream().allMatch(one -> one.get(dataset, setup).isPresent());
        Map<Boolean, List<Setup>> frequent = setups.stream()
                .collect(partitioningBy(setup -> 2
                                * datasets.stream()
                                        .filter(dataset -> known.test(dataset, setup))
                                        .count()
                        > datasets.size()));
        if (!frequent.get(false).isEmpty()) {
            notes.accept("not averaged over the " + datasets.size()
                    + " datasets, because half of them or more lack it: " + named(frequent.get(false)));
        }
        List<String> common = new ArrayList<>(datasets);
        for (String dataset : datasets) {
            List<Setup> lacking = frequent.get(true).stream()
                    .filter(setup -> !known.test(dataset, setup))
                    .toList();
            if (!lacking.isEmpty()) {
                common.remove(dataset);
                notes.accept("averages leave out " + dataset + ", which lacks " + named(lacking));
            }
        }
        if (common.size() < 2) {
            notes.accept("no averages over datasets: fewer than two have all of " + named(frequent.get(true)));
            return;
        }
        for (MethodResults results : all) {
            frequent.get(true)
                    .forEach(setup -> results.add(MethodResult.average(common.stream()
                            .flatMap(dataset -> results.get(dataset, setup).stream())
                            .toList())));
        }
    }

    private static String named(List<Setup> setups) {
        return Numbers.some(setups.stream().map(Setup::toString).toList(), MOST_NAMED);
    }

    void add(MethodResult cell) {
        all.add(cell);
    }

    /** Replaces a result by what is left of it. */
    void replace(MethodResult cell, Optional<MethodResult> left) {
        all.remove(cell);
        left.ifPresent(all::add);
    }

    /** Returns these results and others. */
    MethodResults and(MethodResults others) {
        MethodResults both = new MethodResults();
        both.all.addAll(all);
        both.all.addAll(others.all);
        return both;
    }

    /** Returns a result on a dataset, or an average. */
    public Optional<MethodResult> get(String dataset, Setup setup) {
        return all.stream()
                .filter(cell -> cell.dataset().equals(dataset) && cell.setup().equals(setup))
                .findFirst();
    }

    /** Returns the baseline of a dataset, or of the averages: the dataset's own hand-written prompt. */
    public Optional<MethodResult> zeroShot(String dataset) {
        return get(dataset, Setup.ZERO_SHOT);
    }

    /** Returns true if no method is better on the same data with as many images. */
    public boolean isBest(MethodResult result) {
        return cells(result.dataset()).stream()
                .filter(other -> other.shots().equals(result.shots()))
                .noneMatch(other -> other.accuracy() > result.accuracy());
    }

    /** Returns the gain over zero-shot on the same data; not a number if it is unknown. */
    public Gain gain(MethodResult result) {
        return zeroShot(result.dataset())
                .filter(zeroShot -> !result.method().equals(MethodLabel.ZERO_SHOT))
                .flatMap(result::gainOver)
                .orElse(new Gain(Double.NaN, Optional.empty()));
    }

    /** Returns all methods with all their shots, in the order of the tables. */
    public SortedSet<Setup> setups() {
        return all.stream().map(MethodResult::setup).collect(toCollection(TreeSet::new));
    }

    /** Returns all datasets, in the order of the tables. */
    public List<String> datasets() {
        return all.stream()
                .map(MethodResult::dataset)
                .filter(dataset -> !dataset.equals(AVERAGE))
                .distinct()
                .sorted(DatasetNames.ORDER)
                .toList();
    }

    /** Returns all results on a dataset, by method and shots. */
    public List<MethodResult> cells(String dataset) {
        return setups().stream().flatMap(setup -> get(dataset, setup).stream()).toList();
    }

    /** Returns the main method's results on a dataset, or its averages. */
    public Stream<MethodResult> ofMain(String dataset) {
        return cells(dataset).stream().filter(cell -> main().equals(Optional.of(cell.method())));
    }

    /** Returns all results but averages. */
    public List<MethodResult> cells() {
        return datasets().stream().flatMap(dataset -> cells(dataset).stream()).toList();
    }

    /** Returns all methods, in the order of the tables. */
    public List<MethodLabel> methods() {
        return setups().stream().map(Setup::method).distinct().toList();
    }

    /** Returns all numbers of training images per class, but none, ascending. */
    public List<Shots> shots() {
        return setups().stream()
                .map(Setup::shots)
                .filter(shots -> !shots.equals(Shots.NONE))
                .distinct()
                .sorted()
                .toList();
    }

    /** Returns the averages over {@link #averaged} datasets; empty if there are fewer than two. */
    public List<MethodResult> averages() {
        return cells(AVERAGE);
    }

    /** Returns the datasets that all averages are over. */
    public List<String> averaged() {
        return averages().stream().findFirst().map(MethodResult::datasets).orElse(List.of());
    }

    /** Returns the method that a short summary shows: the paper's CoOp, else another, else any learned. */
    public Optional<MethodLabel> main() {
        Method coop = Method.standard();
        return methods().stream()
                .filter(method -> !method.isWithoutTraining())
                .min(comparing((MethodLabel m) -> !m.isOf(coop))
                        .thenComparing(m -> !m.method().equals(coop)));
    }
}
