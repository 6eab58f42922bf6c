package org.coop4j.results;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.data.ClassHalf;

/** Tells apart methods of one name that were run with different settings. */
final class Methods {

    private Methods() {}

    /** Runs that differ in nothing but seed and settings. */
    private record Group(String dataset, String trainedOn, ClassHalf half, Shots shots) {}

    /**
     * The method of each run.
     *
     * @param datasets the test data of each run
     * @param notes is told what was told apart
     */
    static List<MethodLabel> label(
            List<FinishedRun> runs, List<String> datasets, Consumer<String> notes) {
        Map<String, List<Integer>> byName = new LinkedHashMap<>();
        for (int i = 0; i < runs.size(); i++) {
            byName.computeIfAbsent(runs.get(i).result().method(), n -> new ArrayList<>()).add(i);
        }
        MethodLabel[] methods = new MethodLabel[runs.size()];
        byName.forEach(
                (name, positions) -> {
                    Set<String> telling = telling(runs, datasets, positions);
                    for (int i : positions) {
                        methods[i] = method(runs.get(i), telling);
                    }
                    if (!telling.isEmpty()) {
                        notes.accept(
                                name
                                        + ": runs with different settings have this name and are"
                                        + " shown apart: "
                                        + positions.stream()
                                                .map(i -> methods[i].variant())
                                                .distinct()
                                                .collect(Collectors.joining("; ")));
                    }
                });
        return List.of(methods);
    }

    private static MethodLabel method(FinishedRun run, Set<String> telling) {
        String name = run.result().method();
        Settings settings = run.settings();
        String variant =
                telling.stream()
                        .map(setting -> Settings.describe(setting, settings.get(setting)))
                        .collect(Collectors.joining(", "));
        String published = name.equals("coop") ? settings.publishedMethod() : name;
        return new MethodLabel(name, variant, published, kind(run));
    }

    /** A sweep's plan can give methods names of their own: their runs say what they are. */
    private static MethodLabel.Kind kind(FinishedRun run) {
        MethodLabel.Kind byName = MethodLabel.kindOf(run.result().method());
        if (byName != MethodLabel.Kind.OTHER) {
            return byName;
        }
        if (run.settings().isContext()) {
            return MethodLabel.Kind.CONTEXT;
        }
        return run.shots().equals(Shots.NONE) ? MethodLabel.Kind.PROMPTS : MethodLabel.Kind.OTHER;
    }

    /** The settings in which runs of one name differ so that they may not be averaged. */
    private static Set<String> telling(
            List<FinishedRun> runs, List<String> datasets, List<Integer> positions) {
        Set<String> all = new TreeSet<>();
        positions.forEach(i -> all.addAll(runs.get(i).settings().values().keySet()));
        Set<String> telling = new LinkedHashSet<>();
        for (String setting : all) {
            boolean differs =
                    switch (Settings.weight(setting)) {
                        case DECISIVE -> values(runs, setting, positions).size() > 1;
                        case BY_DATASET ->
                                startDiffers(runs, setting, positions)
                                        || cells(runs, datasets, positions, false).stream()
                                                .anyMatch(c -> values(runs, setting, c).size() > 1);
                        case OTHER ->
                                isChosen(runs, setting, positions)
                                        && cells(runs, datasets, positions, true).stream()
                                                .anyMatch(c -> values(runs, setting, c).size() > 1);
                    };
            if (differs) {
                telling.add(setting);
            }
        }
        return telling;
    }

    /** Words to begin with are another method than random numbers, on whatever data. */
    private static boolean startDiffers(
            List<FinishedRun> runs, String setting, List<Integer> positions) {
        return setting.equals("words")
                && positions.stream()
                                .map(i -> runs.get(i).settings().get(setting) == null)
                                .distinct()
                                .count()
                        > 1;
    }

    /** Whether it was set, and is not a thing such as the time, of which each run has its own. */
    private static boolean isChosen(
            List<FinishedRun> runs, String setting, List<Integer> positions) {
        return 2 * values(runs, setting, positions).size() <= positions.size();
    }

    private static Set<String> values(
            List<FinishedRun> runs, String setting, List<Integer> positions) {
        Set<String> values = new LinkedHashSet<>();
        for (int i : positions) {
            Settings settings = runs.get(i).settings();
            // Words decide the length of a context, which then has none of its own.
            boolean silent = setting.equals("contextLength") && settings.get("words") != null;
            if (!silent) {
                values.add(String.valueOf(settings.get(setting)));
            }
        }
        return values;
    }

    /**
     * The runs that would be averaged.
     *
     * @param sameSeed whether runs of different seeds are kept apart
     */
    private static List<List<Integer>> cells(
            List<FinishedRun> runs,
            List<String> datasets,
            List<Integer> positions,
            boolean sameSeed) {
        Map<List<Object>, List<Integer>> cells = new HashMap<>();
        for (int i : positions) {
            var result = runs.get(i).result();
            Group group =
                    new Group(
                            datasets.get(i),
                            result.trainedOn(),
                            result.half(),
                            runs.get(i).shots());
            List<Object> key = List.of(group, sameSeed ? result.seed() : 0L);
            cells.computeIfAbsent(key, k -> new ArrayList<>()).add(i);
        }
        return List.copyOf(cells.values());
    }
}
