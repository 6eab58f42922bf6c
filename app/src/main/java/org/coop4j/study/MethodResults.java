package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.Study.Entry;

/** Results by dataset, method and shots. */
final class MethodResults {

    private static final int MOST_NAMED = 4;

    /** A method with a number of shots: a row of a table. */
    record Setup(MethodLabel method, Shots shots) implements Comparable<Setup> {
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
     * Rows by setup for averages. All averages are over the same datasets, so that they can be compared: a method that
     * half of the datasets or fewer have is not averaged, and a dataset that lacks one of the others is left out.
     *
     * @param datasets averaged over; empty if there are fewer than two
     * @param rows of each method, one for each of the datasets
     * @param notes what was left out and why, a sentence each
     */
    record Averaged<R>(List<String> datasets, Map<Setup, List<R>> rows, List<String> notes) {

        static <R> Averaged<R> of(
                List<String> datasets, Collection<Setup> setups, BiFunction<String, Setup, Optional<R>> row) {
            List<String> notes = new ArrayList<>();
            Averaged<R> none = new Averaged<>(List.of(), Map.of(), notes);
            if (datasets.size() < 2) {
                return none;
            }
            Map<Boolean, List<Setup>> frequent = setups.stream()
                    .collect(Collectors.partitioningBy(setup -> 2
                                    * datasets.stream()
                                            .filter(d -> row.apply(d, setup).isPresent())
                                            .count()
                            > datasets.size()));
            if (!frequent.get(false).isEmpty()) {
                notes.add("not averaged over the " + datasets.size()
                        + " datasets, because half of them or more lack it: " + named(frequent.get(false)));
            }
            List<String> common = new ArrayList<>(datasets);
            for (String dataset : datasets) {
                List<Setup> lacking = frequent.get(true).stream()
                        .filter(setup -> row.apply(dataset, setup).isEmpty())
                        .toList();
                if (!lacking.isEmpty()) {
                    common.remove(dataset);
                    notes.add("averages leave out " + dataset + ", which lacks " + named(lacking));
                }
            }
            if (common.size() < 2) {
                notes.add("no averages over datasets: fewer than two have all of " + named(frequent.get(true)));
                return none;
            }
            Map<Setup, List<R>> rows = new LinkedHashMap<>();
            for (Setup setup : frequent.get(true)) {
                rows.put(
                        setup,
                        common.stream()
                                .flatMap(d -> row.apply(d, setup).stream())
                                .toList());
            }
            return new Averaged<>(common, rows, notes);
        }

        private static String named(List<Setup> setups) {
            return Numbers.some(setups.stream().map(Setup::toString).toList(), MOST_NAMED);
        }
    }

    private record Key(String dataset, Setup setup) {}

    private final Map<Key, MethodResult> cells = new LinkedHashMap<>();

    private MethodResults() {}

    /**
     * Returns the results of all runs that were tested on a half of the classes.
     *
     * @param chosen selects some of the runs
     */
    static MethodResults of(Study study, ClassHalf half, Predicate<Entry> chosen) {
        Map<Key, SortedMap<Long, Measured>> grouped = new LinkedHashMap<>();
        for (Entry entry : study.entries()) {
            if (entry.result().half() == half && chosen.test(entry)) {
                grouped.computeIfAbsent(
                                new Key(entry.dataset(), new Setup(entry.method(), entry.shots())),
                                key -> new TreeMap<>())
                        .put(entry.result().seed(), Measured.of(entry.result()));
            }
        }
        MethodResults results = new MethodResults();
        grouped.forEach(
                (key, bySeed) -> results.add(new MethodResult(key.dataset, key.setup.method, key.setup.shots, bySeed)));
        return results;
    }

    /**
     * Returns the results of what was learned from the data that it was tested on, and of hand-written prompts. Those
     * that training runs tested stand in where zero-shot has no run of its own.
     */
    static MethodResults ofOwn(Study study, ClassHalf half) {
        MethodResults results = of(study, half, entry -> !entry.run().isTransferred());
        for (HandWrittenPrompts prompts : study.handWritten()) {
            if (prompts.half() == half
                    && results.get(prompts.dataset(), MethodLabel.ZERO_SHOT, Shots.NONE)
                            .isEmpty()) {
                prompts.prompts().stream()
                        .filter(HandWrittenPrompts.Prompt::own)
                        .findFirst()
                        .ifPresent(own -> results.add(own.accuracies()));
                MethodResult best = prompts.best().accuracies();
                results.add(new MethodResult(best.dataset(), MethodLabel.BEST_HAND_WRITTEN, Shots.NONE, best.bySeed()));
            }
        }
        return results;
    }

    private void add(MethodResult cell) {
        cells.put(new Key(cell.dataset(), new Setup(cell.method(), cell.shots())), cell);
    }

    Optional<MethodResult> get(String dataset, MethodLabel method, Shots shots) {
        return get(dataset, new Setup(method, shots));
    }

    Optional<MethodResult> get(String dataset, Setup setup) {
        return Optional.ofNullable(cells.get(new Key(dataset, setup)));
    }

    /** Returns all methods with all their shots, in the order of the tables. */
    SortedSet<Setup> setups() {
        return cells.keySet().stream().map(Key::setup).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns all datasets, in the order of the tables. */
    List<String> datasets() {
        return cells.keySet().stream()
                .map(Key::dataset)
                .distinct()
                .sorted(DatasetNames.ORDER)
                .toList();
    }
}
