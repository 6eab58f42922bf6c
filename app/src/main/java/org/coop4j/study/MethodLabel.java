package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.joining;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Settings;
import org.coop4j.console.Cell;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.page.Shots;
import org.coop4j.run.RunConfig;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.Score.Setup;

/**
 * A method's row in the tables: runs of equal labels are averaged, others never.
 *
 * @param id for other programs and the screen, such as {@code coop-m16-end}; with what distinguishes it in brackets
 *     where runs of one name have different settings; labels of one id are equal
 * @param title for people: "CoOp (M = 16, class-specific)"
 * @param method the method, with the settings of a run that has this label
 * @param published true if it is trained as in its paper, so that the paper's numbers apply to it
 */
public record MethodLabel(String id, String title, Method method, boolean published)
        implements Comparable<MethodLabel> {

    /** The dataset's hand-written prompt, the baseline of the others. */
    public static final MethodLabel ZERO_SHOT = of(Method.zeroShot().id());

    /** The best of the hand-written prompts that {@code coop train} tests. */
    public static final MethodLabel BEST_HAND_WRITTEN =
            new MethodLabel("hand-written-best", "best hand-written prompt", ZERO_SHOT.method, false);

    private static final List<String> METHODS =
            Method.all().stream().map(Method::id).toList();

    private static final Comparator<MethodLabel> ORDER = comparing((MethodLabel label) -> !label.equals(ZERO_SHOT))
            .thenComparing(label -> !label.equals(BEST_HAND_WRITTEN))
            .thenComparing(label -> METHODS.indexOf(label.method.id()))
            .thenComparing(MethodLabel::id);

    /** Returns a method by its own name or a short one, trained as in its paper. */
    public static MethodLabel of(String name) {
        Method method = Method.of(name);
        return new MethodLabel(name, method.title(), method, true);
    }

    /**
     * Returns a hand-written prompt.
     *
     * @param text the template, or the name of the ensemble
     * @param own true for the dataset's own template, which zero-shot CLIP uses
     */
    static MethodLabel prompt(String text, boolean own) {
        return new MethodLabel(text, "“" + text + "”" + (own ? " (the dataset's own)" : ""), ZERO_SHOT.method, own);
    }

    /**
     * Returns the labels of runs: runs of the same recorded name are one method, unless their settings differ.
     *
     * @param notes gets the names that stand for several methods
     */
    static Map<FinishedRun, MethodLabel> of(List<FinishedRun> runs, List<String> notes) {
        IdentityHashMap<FinishedRun, MethodLabel> labels = new IdentityHashMap<>();
        Results.grouped(runs, run -> run.result().method()).forEach((name, same) -> {
            Set<Map.Entry<String, Object>> common =
                    new HashSet<>(settings(same.get(0).config()).entrySet());
            same.forEach(run -> common.retainAll(settings(run.config()).entrySet()));
            Map<String, List<FinishedRun>> variants =
                    Results.grouped(same, run -> settings(run.config()).entrySet().stream()
                            .filter(setting -> !common.contains(setting))
                            .map(Object::toString)
                            .collect(joining(", ")));
            variants.forEach((variant, some) -> {
                String more = variant.isEmpty() ? "" : " [" + variant + "]";
                some.forEach(run -> labels.put(
                        run,
                        new MethodLabel(
                                name + more,
                                run.result().methodTitle() + more,
                                run.config().method(),
                                references(run.config()).contains(run.config().training()))));
            });
            if (variants.size() > 1) {
                notes.add(name + ": runs with different settings have this name and are shown apart: "
                        + String.join("; ", variants.keySet()));
            }
        });
        return labels;
    }

    /** Returns the training of the method's paper. */
    private static List<Training> references(RunConfig config) {
        int shots = config.sample().shots();
        return List.of(config.method().training(shots), config.method().trainingOnImageNet(shots));
    }

    /** Returns settings of a run by name, as far as they are the same for all data, shots and seeds. */
    static Map<String, Object> settings(RunConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("method", config.method().id());
        values.putAll(Settings.chosen(config.method().settings()));
        if (config.training().trains()) {
            int epochs = config.training().epochs();
            int views = config.sample().views();
            values.putAll(Settings.of(config.training()));
            if (references(config).stream().anyMatch(reference -> reference.epochs() == epochs)) {
                values.put("epochs", "by shots");
            }
            values.put(
                    "views", views == 0 ? "centre crop" : views == epochs ? "a new crop each epoch" : views + " crops");
        }
        if (config.precision() != FLOAT32) {
            values.put("precision", config.precision().id());
        }
        values.replaceAll((name, value) -> value == null ? "none" : value);
        return values;
    }

    /** Returns the method with a number of shots, or with none if it learns nothing. */
    public Setup with(Shots shots) {
        return new Setup(this, isWithoutTraining() ? Shots.NONE : shots);
    }

    /** Returns its id for the screen and its title for pages. */
    Cell cell() {
        return Cell.words(id, title);
    }

    /** Returns true if nothing is learned, so that it holds for any number of shots. */
    public boolean isWithoutTraining() {
        return !method.learns();
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
