package org.coop4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;

/** Says which seeds are missing where others of the same method have them. */
final class Gaps {

    private static final int MOST_NAMED = 6;

    private Gaps() {}

    /** Compares each group of runs with all seeds of its method. */
    static void note(List<Entry> entries, Consumer<String> notes) {
        Map<MethodLabel, Set<Long>> wanted = new LinkedHashMap<>();
        Map<MethodLabel, Map<Entry.Group, Set<Long>>> present = new TreeMap<>();
        for (Entry entry : entries) {
            if (entry.method().isWithoutTraining()) {
                continue;
            }
            long seed = entry.result().seed();
            wanted.computeIfAbsent(entry.method(), m -> new TreeSet<>()).add(seed);
            present.computeIfAbsent(entry.method(), m -> new LinkedHashMap<>())
                    .computeIfAbsent(entry.group(), g -> new TreeSet<>())
                    .add(seed);
        }
        present.forEach((method, groups) -> note(method, groups, wanted.get(method), notes));
    }

    private static void note(
            MethodLabel method,
            Map<Entry.Group, Set<Long>> groups,
            Set<Long> wanted,
            Consumer<String> notes) {
        Map<String, List<String>> lacking = new LinkedHashMap<>();
        groups.forEach(
                (group, seeds) -> {
                    Set<Long> missing = new TreeSet<>(wanted);
                    missing.removeAll(seeds);
                    if (!missing.isEmpty()) {
                        lacking.computeIfAbsent(list(missing), m -> new ArrayList<>())
                                .add(group.describe(method));
                    }
                });
        lacking.forEach(
                (missing, where) ->
                        notes.accept(
                                (missing.contains(",") ? "seeds " : "seed ")
                                        + missing
                                        + (missing.contains(",") ? " are" : " is")
                                        + " missing: "
                                        + Numbers.some(where, MOST_NAMED)));
    }

    private static String list(Set<Long> seeds) {
        return seeds.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
