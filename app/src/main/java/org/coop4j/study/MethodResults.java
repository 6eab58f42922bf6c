package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.Study.Entry;

/** MethodResults by dataset, method and shots. */
final class MethodResults {

    private static final int MOST_NAMED = 4;

    /** A method with so many shots: a row of a table. */
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
     * The datasets and methods over which averages are made: all averages are over the same datasets, so that they can
     * be compared. A method that half of the datasets or fewer have is not averaged; a dataset that lacks one of the
     * others is left out.
     *
     * @param datasets averaged over; empty if there are fewer than two
     * @param setups averaged
     * @param notes what was left out and why, a sentence each
     */
    record Averaged(List<String> datasets, List<Setup> setups, List<String> notes) {

        static Averaged of(List<String> datasets, Collection<Setup> setups, BiPredicate<String, Setup> has) {
            if (datasets.size() < 2) {
                return new Averaged(List.of(), List.of(), List.of());
            }
            List<String> notes = new ArrayList<>();
            Map<Boolean, List<Setup>> frequent = setups.stream()
                    .collect(Collectors.partitioningBy(setup -> 2
                                    * datasets.stream()
                                            .filter(d -> has.test(d, setup))
                                            .count()
                            > datasets.size()));
            List<Setup> averaged = frequent.get(true);
            if (!frequent.get(false).isEmpty()) {
                notes.add("not averaged over the " + datasets.size() + " datasets, as half of them or more lack it: "
                        + named(frequent.get(false)));
            }
            List<String> common = new ArrayList<>();
            for (String dataset : datasets) {
                List<Setup> lacking = averaged.stream()
                        .filter(setup -> !has.test(dataset, setup))
                        .toList();
                if (lacking.isEmpty()) {
                    common.add(dataset);
                } else {
                    notes.add("averages leave out " + dataset + ", which lacks " + named(lacking));
                }
            }
            if (common.size() < 2) {
                notes.add("no averages over datasets: fewer than two have all of " + named(averaged));
                return new Averaged(List.of(), List.of(), notes);
            }
            return new Averaged(common, averaged, notes);
        }

        private static String named(List<Setup> setups) {
            return Numbers.some(setups.stream().map(Setup::toString).toList(), MOST_NAMED);
        }
    }

    /** By dataset and setup. */
    private final Map<String, Map<Setup, MethodResult>> cells = new LinkedHashMap<>();

    private MethodResults() {}

    /**
     * The cells of all runs that were tested on a half of the classes.
     *
     * @param chosen which of the runs
     */
    static MethodResults of(Study study, ClassHalf half, Predicate<Entry> chosen) {
        Map<String, Map<Setup, SortedMap<Long, Measured>>> grouped = new LinkedHashMap<>();
        for (Entry entry : study.entries()) {
            if (entry.half() == half && chosen.test(entry)) {
                grouped.computeIfAbsent(entry.dataset(), d -> new LinkedHashMap<>())
                        .computeIfAbsent(new Setup(entry.method(), entry.shots()), s -> new TreeMap<>())
                        .put(entry.result().seed(), Measured.of(entry.result()));
            }
        }
        MethodResults cells = new MethodResults();
        grouped.forEach((dataset, setups) -> setups.forEach((setup, bySeed) ->
                cells.add(new MethodResult(dataset, setup.method, setup.shots, onceIfTheSame(setup, bySeed)))));
        return cells;
    }

    /** What is not learned and the same for all seeds stands once. */
    private static SortedMap<Long, Measured> onceIfTheSame(Setup setup, SortedMap<Long, Measured> bySeed) {
        boolean same =
                bySeed.values().stream().map(Measured::accuracy).distinct().count() == 1;
        return setup.method.isWithoutTraining() && same
                ? new TreeMap<>(Map.of(0L, bySeed.get(bySeed.firstKey())))
                : bySeed;
    }

    /** The cells of what was learned from the data that it was tested on, and of hand-written prompts. */
    static MethodResults ofOwn(Study study, ClassHalf half) {
        MethodResults cells = of(study, half, entry -> !entry.run().isTransferred());
        // Those that training runs tested stand in where zero-shot was not run itself.
        for (HandWrittenPrompts prompts : study.handWritten()) {
            if (prompts.half() == half
                    && cells.get(prompts.dataset(), MethodLabel.ZERO_SHOT, Shots.NONE)
                            .isEmpty()) {
                prompts.prompts().stream()
                        .filter(HandWrittenPrompts.Prompt::own)
                        .findFirst()
                        .ifPresent(own -> cells.add(own.accuracies()));
                MethodResult best = prompts.best().accuracies();
                cells.add(new MethodResult(best.dataset(), MethodLabel.BEST_HAND_WRITTEN, Shots.NONE, best.bySeed()));
            }
        }
        return cells;
    }

    private void add(MethodResult cell) {
        cells.computeIfAbsent(cell.dataset(), d -> new LinkedHashMap<>())
                .put(new Setup(cell.method(), cell.shots()), cell);
    }

    List<MethodResult> all() {
        return cells.values().stream()
                .flatMap(setups -> setups.values().stream())
                .toList();
    }

    Optional<MethodResult> get(String dataset, MethodLabel method, Shots shots) {
        return get(dataset, new Setup(method, shots));
    }

    Optional<MethodResult> get(String dataset, Setup setup) {
        return Optional.ofNullable(cells.getOrDefault(dataset, Map.of()).get(setup));
    }

    /** All methods with all their shots, in the order of the tables. */
    List<Setup> setups() {
        TreeSet<Setup> setups = new TreeSet<>();
        cells.values().forEach(here -> setups.addAll(here.keySet()));
        return List.copyOf(setups);
    }

    /** All datasets, in the order of the tables. */
    List<String> datasets() {
        return cells.keySet().stream().sorted(DatasetNames.order()).toList();
    }
}
