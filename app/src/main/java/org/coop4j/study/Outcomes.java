package org.coop4j.study;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.coop4j.data.ClassHalf;

/** Outcomes by dataset, method and shots. */
final class Outcomes {

    /** What a cell is found by. */
    record Key(String dataset, MethodLabel method, Shots shots) {}

    /** A method with so many shots: a row of a table. */
    record Setup(MethodLabel method, Shots shots) implements Comparable<Setup> {
        @Override
        public int compareTo(Setup other) {
            int byMethod = method.compareTo(other.method);
            return byMethod != 0 ? byMethod : shots.compareTo(other.shots);
        }
    }

    private final Map<Key, Outcome> cells = new LinkedHashMap<>();

    private Outcomes() {}

    /**
     * The cells of all runs that were tested on a half of the classes.
     *
     * @param chosen which of the runs
     */
    static Outcomes of(Study study, ClassHalf half, Predicate<Entry> chosen) {
        Map<Key, SortedMap<Long, Measured>> grouped = new LinkedHashMap<>();
        for (Entry entry : study.entries()) {
            if (entry.half() == half && chosen.test(entry)) {
                Key key = new Key(entry.dataset(), entry.method(), entry.shots());
                grouped.computeIfAbsent(key, k -> new TreeMap<>())
                        .put(entry.result().seed(), Measured.of(entry.result()));
            }
        }
        Outcomes cells = new Outcomes();
        grouped.forEach((key, bySeed) -> cells.add(cell(key, bySeed)));
        return cells;
    }

    /** What is not learned and the same for all seeds stands once. */
    private static Outcome cell(Key key, SortedMap<Long, Measured> bySeed) {
        SortedMap<Long, Measured> results = bySeed;
        boolean same = new TreeSet<>(accuracies(bySeed.values())).size() == 1;
        if (key.method.isWithoutTraining() && same) {
            results = new TreeMap<>(Map.of(0L, bySeed.get(bySeed.firstKey())));
        }
        return new Outcome(key.dataset, key.method, key.shots, results);
    }

    private static List<Double> accuracies(Collection<Measured> results) {
        return results.stream().map(Measured::accuracy).toList();
    }

    /** Lets hand-written prompts of training runs stand in where zero-shot was not run itself. */
    Outcomes withHandWritten(Study study, ClassHalf half) {
        for (HandWritten prompts : study.handWritten()) {
            Key key = new Key(prompts.dataset(), MethodLabel.ZERO_SHOT, Shots.NONE);
            if (prompts.half() != half || cells.containsKey(key)) {
                continue;
            }
            prompts.prompts().stream()
                    .filter(HandWritten.Prompt::own)
                    .findFirst()
                    .ifPresent(own -> add(own.accuracies()));
            add(renamed(prompts.best().accuracies()));
        }
        return this;
    }

    private static Outcome renamed(Outcome best) {
        return new Outcome(
                best.dataset(), MethodLabel.BEST_HAND_WRITTEN, Shots.NONE, best.bySeed());
    }

    private void add(Outcome cell) {
        cells.put(new Key(cell.dataset(), cell.method(), cell.shots()), cell);
    }

    Collection<Outcome> all() {
        return cells.values();
    }

    Optional<Outcome> get(String dataset, MethodLabel method, Shots shots) {
        return Optional.ofNullable(cells.get(new Key(dataset, method, shots)));
    }

    /** All methods with all their shots, in the order of the tables. */
    List<Setup> setups() {
        TreeSet<Setup> setups = new TreeSet<>();
        all().forEach(cell -> setups.add(new Setup(cell.method(), cell.shots())));
        return List.copyOf(setups);
    }

    /** All datasets, in the order of the tables. */
    List<String> datasets() {
        TreeSet<String> datasets = new TreeSet<>(DatasetNames.order());
        all().forEach(cell -> datasets.add(cell.dataset()));
        return List.copyOf(datasets);
    }
}
