package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.method.Method;

/**
 * From runs to the methods that tables tell apart: runs of one name are one method, unless the
 * settings in their configurations differ.
 */
final class MethodLabels {

    private MethodLabels() {}

    /**
     * The method of each run.
     *
     * @param datasets the test data of each run
     * @param notes is told what was told apart
     */
    static List<MethodLabel> of(
            List<FinishedRun> runs, List<String> datasets, Consumer<String> notes) {
        Map<String, List<Integer>> byName = new LinkedHashMap<>();
        for (int i = 0; i < runs.size(); i++) {
            byName.computeIfAbsent(runs.get(i).result().method(), n -> new ArrayList<>()).add(i);
        }
        MethodLabel[] labels = new MethodLabel[runs.size()];
        byName.forEach(
                (name, positions) -> {
                    Set<String> telling = telling(runs, datasets, positions);
                    Map<String, List<Integer>> variants = new LinkedHashMap<>();
                    for (int i : positions) {
                        variants.computeIfAbsent(
                                        describe(telling, runs.get(i)), v -> new ArrayList<>())
                                .add(i);
                    }
                    variants.forEach(
                            (variant, same) -> {
                                List<FinishedRun> of = same.stream().map(runs::get).toList();
                                MethodLabel label = label(name, variant, telling, of);
                                same.forEach(i -> labels[i] = label);
                            });
                    if (!telling.isEmpty()) {
                        notes.accept(
                                name
                                        + ": runs with different settings have this name and are"
                                        + " shown apart: "
                                        + String.join("; ", variants.keySet()));
                    }
                });
        return List.of(labels);
    }

    private static MethodLabel label(
            String name, String variant, Set<String> telling, List<FinishedRun> runs) {
        FinishedRun first = runs.get(0);
        Method method = first.config().method();
        boolean one = runs.stream().allMatch(run -> run.config().method().equals(method));
        // A method's own title has its settings; a name that a plan gave says what its author
        // means.
        boolean titled = one && (name.equals(method.id()) || isShort(name, method));
        Set<String> rest = new LinkedHashSet<>(telling);
        if (titled) {
            rest.removeIf(first.settings()::isOfMethod);
        }
        String more = describe(rest, first);
        String title = titled ? method.title() : name;
        return new MethodLabel(
                variant.isEmpty() ? name : name + " [" + variant + "]",
                more.isEmpty() ? title : title + ", " + more,
                method,
                one && runs.stream().allMatch(run -> MethodLabel.isPublished(run.config())));
    }

    private static boolean isShort(String name, Method method) {
        return method.defaults().shorthand(name).filter(method::equals).isPresent();
    }

    private static String describe(Set<String> settings, FinishedRun run) {
        return settings.stream().map(run.settings()::describe).collect(Collectors.joining(", "));
    }

    /** The settings in which runs of one name differ so that they may not be averaged. */
    private static Set<String> telling(
            List<FinishedRun> runs, List<String> datasets, List<Integer> positions) {
        Set<String> telling = new LinkedHashSet<>();
        positions.forEach(i -> telling.addAll(runs.get(i).settings().values().keySet()));
        telling.removeIf(
                setting -> {
                    Set<Object> values = values(runs, setting, positions);
                    // A text that some have and others lack makes two methods, on whatever data.
                    boolean byData =
                            !values.contains(null)
                                    && runs.get(positions.get(0))
                                            .settings()
                                            .byData()
                                            .contains(setting);
                    return byData
                            ? !differInACell(runs, datasets, setting, positions)
                            : values.size() < 2;
                });
        return telling;
    }

    private static Set<Object> values(
            List<FinishedRun> runs, String setting, List<Integer> positions) {
        Set<Object> values = new LinkedHashSet<>();
        for (int i : positions) {
            RunSettings settings = runs.get(i).settings();
            if (!settings.decided().contains(setting)) {
                values.add(settings.values().get(setting));
            }
        }
        return values;
    }

    /** Whether runs that would be averaged differ. */
    private static boolean differInACell(
            List<FinishedRun> runs,
            List<String> datasets,
            String setting,
            List<Integer> positions) {
        Map<List<Object>, List<Integer>> cells = new HashMap<>();
        for (int i : positions) {
            var result = runs.get(i).result();
            List<Object> cell =
                    List.of(
                            datasets.get(i),
                            String.valueOf(result.trainedOn()),
                            result.half(),
                            runs.get(i).shots());
            cells.computeIfAbsent(cell, c -> new ArrayList<>()).add(i);
        }
        return cells.values().stream().anyMatch(c -> values(runs, setting, c).size() > 1);
    }
}
