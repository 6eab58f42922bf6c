package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
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
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.study.HandWrittenPrompts.Prompt;
import org.coop4j.study.MethodResult.Gain;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.Study.Entry;

/** Results by dataset, method and shots, and their averages over the datasets. */
public final class MethodResults {

    private static final int MOST_NAMED = 4;

    private record Key(String dataset, Setup setup) {}

    private final Map<Key, MethodResult> cells = new LinkedHashMap<>();

    /**
     * Returns the results of all runs that were tested on a half of the classes.
     *
     * @param chosen selects some of the runs
     */
    static MethodResults of(List<Entry> entries, ClassHalf half, Predicate<Entry> chosen) {
        Map<Key, SortedMap<Long, Measured>> grouped = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.result().half() == half && chosen.test(entry)) {
                grouped.computeIfAbsent(new Key(entry.dataset(), entry.setup()), key -> new TreeMap<>())
                        .put(entry.result().seed(), Measured.of(entry.result()));
            }
        }
        MethodResults results = new MethodResults();
        grouped.forEach((key, bySeed) -> results.add(new MethodResult(key.dataset, key.setup, bySeed)));
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
                .collect(Collectors.toSet());
        results.cells().stream()
                .filter(cell -> !cell.method().isWithoutTraining())
                .forEach(cell -> targets.remove(cell.dataset()));
        results.cells.keySet().removeIf(key -> targets.contains(key.dataset));
        Common common = Common.of(
                results.datasets(),
                results.setups(),
                (dataset, setup) -> results.get(dataset, setup).isPresent(),
                notes);
        common.setups.forEach(setup -> results.add(MethodResult.average(common.datasets.stream()
                .flatMap(dataset -> results.get(dataset, setup).stream())
                .toList())));
        return results;
    }

    /**
     * The datasets and rows of averages. All averages are over the same datasets, so that they can be compared: a
     * method that half of the datasets or fewer have is not averaged, and a dataset that lacks one of the others is
     * left out.
     *
     * @param datasets averaged over; empty if there are fewer than two
     * @param setups averaged methods; none without datasets
     */
    record Common(List<String> datasets, List<Setup> setups) {

        private static final Common NOTHING = new Common(List.of(), List.of());

        /**
         * Chooses among all datasets and methods.
         *
         * @param known selects the results that are there
         * @param notes is told what is left out and why
         */
        static Common of(
                List<String> datasets,
                Collection<Setup> setups,
                BiPredicate<String, Setup> known,
                Consumer<String> notes) {
            if (datasets.size() < 2) {
                return NOTHING;
            }
            Map<Boolean, List<Setup>> frequent = setups.stream()
                    .collect(Collectors.partitioningBy(setup -> 2
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
                return NOTHING;
            }
            return new Common(common, frequent.get(true));
        }

        private static String named(List<Setup> setups) {
            return Numbers.some(setups.stream().map(Setup::toString).toList(), MOST_NAMED);
        }
    }

    void add(MethodResult cell) {
        cells.put(new Key(cell.dataset(), cell.setup()), cell);
    }

    /** Returns a result on a dataset, or an average. */
    public Optional<MethodResult> get(String dataset, Setup setup) {
        return Optional.ofNullable(cells.get(new Key(dataset, setup)));
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
        return cells.keySet().stream().map(Key::setup).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns all datasets, in the order of the tables. */
    public List<String> datasets() {
        return cells.keySet().stream()
                .map(Key::dataset)
                .filter(dataset -> !dataset.equals(MethodResult.AVERAGE))
                .distinct()
                .sorted(DatasetNames.ORDER)
                .toList();
    }

    /** Returns all results on a dataset, by method and shots. */
    public List<MethodResult> cells(String dataset) {
        return setups().stream().flatMap(setup -> get(dataset, setup).stream()).toList();
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
        return cells(MethodResult.AVERAGE);
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
                .min(Comparator.comparing((MethodLabel m) -> !m.isOf(coop))
                        .thenComparing(m -> !m.method().equals(coop)));
    }
}
