package org.coop4j.study;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.base.Settings;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Method;
import org.coop4j.run.RunConfig;
import org.coop4j.study.FoundRuns.FinishedRun;

/**
 * A way to classify, as the tables name it: runs of equal labels are averaged, others never.
 *
 * @param id for other programs and the screen, such as {@code coop-m16-end}; with what tells it apart in brackets where
 *     runs of one name have different settings; labels of one id are equal
 * @param title for people: "CoOp (M = 16, class-specific)"
 * @param method the method, with the settings of a run that has this label
 * @param published whether it is trained as its paper does, so that the paper's numbers are of it
 * @param rank its place in the tables: zero-shot CLIP first, the others in the order of the list of methods
 */
public record MethodLabel(String id, String title, Method method, boolean published, int rank)
        implements Comparable<MethodLabel> {

    /** The hand-written prompt of the dataset, which others are compared with. */
    public static final MethodLabel ZERO_SHOT = of(Method.zeroShot().id());

    /** The best of the hand-written prompts that {@code coop train} tests. */
    public static final MethodLabel BEST_HAND_WRITTEN =
            new MethodLabel("hand-written-best", "best hand-written prompt", ZERO_SHOT.method, false, 1);

    private static final Comparator<MethodLabel> ORDER =
            Comparator.comparing(MethodLabel::rank).thenComparing(MethodLabel::id);

    private MethodLabel(String id, String title, Method method, boolean published) {
        this(id, title, method, published, place(id, method));
    }

    private static int place(String id, Method method) {
        if (id.equals(method.id()) && !method.learns()) {
            return 0;
        }
        return 2 + Method.all().stream().map(Method::id).toList().indexOf(method.id());
    }

    /** A method by its own name or a short one, trained as its paper does. */
    public static MethodLabel of(String name) {
        Method method = Method.of(name);
        return new MethodLabel(name, method.title(), method, true);
    }

    /**
     * The method of each run, as the run records it: runs of one name are one method, unless they were configured
     * otherwise.
     *
     * @param notes is told what was told apart
     */
    static IdentityHashMap<FinishedRun, MethodLabel> of(List<FinishedRun> runs, Consumer<String> notes) {
        IdentityHashMap<FinishedRun, MethodLabel> labels = new IdentityHashMap<>();
        Map<String, List<FinishedRun>> byName = new LinkedHashMap<>();
        runs.forEach(run -> byName.computeIfAbsent(run.result().method(), name -> new ArrayList<>())
                .add(run));
        byName.forEach((name, same) -> {
            Set<String> differing = differing(same);
            Set<String> variants = new LinkedHashSet<>();
            for (FinishedRun run : same) {
                String variant = described(differing, run);
                variants.add(variant);
                labels.put(run, label(name, variant, differing, run));
            }
            if (!differing.isEmpty()) {
                notes.accept(name + ": runs with different settings have this name and are shown apart: "
                        + String.join("; ", variants));
            }
        });
        return labels;
    }

    private static MethodLabel label(String name, String variant, Set<String> differing, FinishedRun run) {
        Method method = run.config().method();
        String recorded = run.result().methodTitle();
        String title = recorded == null ? name : recorded;
        Set<String> more = new LinkedHashSet<>(differing);
        if (!title.equals(name)) {
            more.removeIf(setting -> Settings.has((Record) method, setting)); // the title has them
        }
        String rest = described(more, run);
        return new MethodLabel(
                variant.isEmpty() ? name : name + " [" + variant + "]",
                rest.isEmpty() ? title : title + ", " + rest,
                method,
                isPublished(run.config()));
    }

    /** Returns true if a run is trained as the paper of its method does. */
    private static boolean isPublished(RunConfig config) {
        int shots = config.sample().shots();
        return config.training().equals(config.method().training(shots))
                || config.training().equals(config.method().trainingOnImageNet(shots));
    }

    private static Set<String> differing(List<FinishedRun> runs) {
        Map<String, Set<Object>> values = new LinkedHashMap<>();
        runs.forEach(run -> settings(run.config())
                .forEach((name, value) ->
                        values.computeIfAbsent(name, n -> new LinkedHashSet<>()).add(String.valueOf(value))));
        values.values().removeIf(all -> all.size() < 2);
        return values.keySet();
    }

    /** How a run was made, as far as it is the same for all data, shots and seeds: settings by name. */
    static Map<String, Object> settings(RunConfig config) {
        Method method = config.method();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("method", method.id());
        values.putAll(Settings.chosen((Record) method));
        if (config.training().trains()) {
            int shots = config.sample().shots();
            int epochs = config.training().epochs();
            int views = config.sample().views();
            values.putAll(Settings.of(config.training()));
            if (epochs == method.training(shots).epochs()
                    || epochs == method.trainingOnImageNet(shots).epochs()) {
                values.put("epochs", "by shots");
            }
            values.put(
                    "views", views == 0 ? "centre crop" : views == epochs ? "a new crop each epoch" : views + " crops");
        }
        if (config.precision() != Precision.FLOAT32) {
            values.put("precision", config.precision().id());
        }
        return values;
    }

    /** Settings for people, such as "context length 16, no words". */
    private static String described(Set<String> names, FinishedRun run) {
        Map<String, Object> values = settings(run.config());
        return names.stream()
                .filter(values::containsKey)
                .map(name -> described(name, values.get(name), run.config().method()))
                .collect(Collectors.joining(", "));
    }

    private static String described(String setting, Object value, Method method) {
        String name = setting.replace('_', ' ');
        if (value == null || value.equals(false) || value.equals(List.of())) {
            return "no " + name;
        }
        if (value.equals(true)) {
            return name;
        }
        if (setting.equals("views")) {
            return (String) value;
        }
        boolean prose =
                Settings.has((Record) method, setting) && value.toString().contains(" ");
        return name + (prose ? " \"" + value + "\"" : " " + value);
    }

    /** Returns true if nothing is learned, so that it holds for any number of shots. */
    public boolean isWithoutTraining() {
        return !method.learns();
    }

    /** Returns true if it is the same method, with whatever settings. */
    public boolean isOf(Method other) {
        return method.id().equals(other.id());
    }

    @Override
    public int compareTo(MethodLabel other) {
        return ORDER.compare(this, other);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MethodLabel label && id.equals(label.id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }
}
