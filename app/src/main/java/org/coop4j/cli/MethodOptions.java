package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.unless;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.run.Recipe;
import picocli.CommandLine.Option;

/** The methods that a command learns with, their settings and training, and the settings to choose among. */
final class MethodOptions {

    /** Stands for {@link Method#quick} on the command line. */
    static final String AUTO = "auto";

    /** The value of {@code --tune} alone: no setting is tried. */
    private static final String METHODS = "methods";

    /** Limit of the number of candidates. */
    private static final int MOST = 100;

    @Option(names = "--method", split = ",", paramLabel = "NAME")
    List<String> names;

    private boolean sets; // the images have several labels

    @Option(names = "--set", paramLabel = "NAME=VALUE")
    Map<String, String> set = Map.of();

    @Option(
            names = {"-M", "--context"},
            paramLabel = "M")
    String context;

    @Option(names = "--position", paramLabel = "WHERE")
    String position;

    @Option(names = "--csc")
    boolean classSpecific;

    @Option(names = "--init", paramLabel = "WORDS")
    String words;

    @Option(names = "--epochs", paramLabel = "N")
    String epochs;

    @Option(names = "--batch", paramLabel = "N")
    String batch;

    @Option(names = "--lr", paramLabel = "RATE")
    String rate;

    @Option(names = "--tune", arity = "0..1", fallbackValue = METHODS, paramLabel = "NAME=A|B|…")
    List<String> tune = List.of();

    /** Returns true if one of several candidates is chosen. */
    boolean choose() {
        return !tune.isEmpty() || names().contains(AUTO);
    }

    /**
     * Returns the methods with their settings, each with each combination of the values to try.
     *
     * @param run the settings of a run; options override those of its preset
     * @param recipe makes a recipe of a method and settings
     */
    List<Recipe> recipes(RunOptions run, DataOptions data, BiFunction<Method, Map<String, Object>, Recipe> recipe) {
        Map<String, String> preset = run.preset == null ? Map.of() : run.preset.settings();
        return unless(() -> {
            List<Method> methods = methods();
            Map<String, List<String>> tried = tried();
            for (String setting : tried.keySet()) {
                Require.that(
                        methods.stream().anyMatch(method -> Recipe.has(method, setting)),
                        "%s to try: none of the methods has this setting",
                        setting);
            }
            List<Recipe> recipes = new ArrayList<>();
            for (Method method : methods) {
                for (Map<String, String> some : combinations(method, tried)) {
                    Map<String, Object> all = new LinkedHashMap<>(settings(methods, preset));
                    all.putAll(some);
                    all.keySet()
                            .removeIf(one -> !Recipe.has(method, one)
                                    && methods.stream().anyMatch(other -> Recipe.has(other, one)));
                    run.settings(method, data).forEach(all::putIfAbsent);
                    Recipe made = recipe.apply(method, all);
                    String title =
                            some.entrySet().stream().map(one -> ", " + one).collect(Collectors.joining());
                    recipes.add(made.named(made.name() + title));
                }
            }
            Require.that(
                    recipes.size() <= MOST,
                    "%d candidates: expected %d or fewer, give fewer values to try",
                    recipes.size(),
                    MOST);
            return recipes;
        });
    }

    /** Returns all combinations of the values to try, of settings that the method has. */
    private static List<Map<String, String>> combinations(Method method, Map<String, List<String>> tried) {
        List<Map<String, String>> combinations = List.of(Map.of());
        for (Map.Entry<String, List<String>> setting : tried.entrySet()) {
            if (Recipe.has(method, setting.getKey())) {
                List<Map<String, String>> longer = new ArrayList<>();
                for (Map<String, String> some : combinations) {
                    for (String value : setting.getValue()) {
                        Map<String, String> more = new LinkedHashMap<>(some);
                        more.put(setting.getKey(), value);
                        longer.add(more);
                    }
                }
                combinations = longer;
            }
        }
        return combinations;
    }

    /** Takes the methods for several labels per image as defaults and for "auto". */
    void ofSets() {
        sets = true;
    }

    /** Returns the given names, or the default's. */
    List<String> names() {
        return names == null ? List.of(Method.standard(sets).id()) : names;
    }

    /** Returns the methods, each once, with their default settings; "auto" stands for several. */
    private List<Method> methods() {
        return names().stream()
                .flatMap(name -> name.equals(AUTO) ? Method.quick(sets).stream() : Stream.of(Method.of(name)))
                .distinct()
                .toList();
    }

    private Map<String, String> settings(List<Method> methods, Map<String, String> preset) {
        Map<String, String> values = new LinkedHashMap<>(preset);
        values.keySet().removeIf(name -> methods.stream().noneMatch(method -> Settings.has(method.settings(), name)));
        values.put("context_length", context);
        values.put("position", position);
        values.put("class_specific", classSpecific ? "true" : null);
        values.put("words", words == null && context == null ? values.get("words") : words);
        values.put("epochs", epochs);
        values.put("batch", batch);
        values.put("rate", rate);
        values.values().removeIf(Objects::isNull);
        values.putAll(set);
        return values;
    }

    /** Returns the values to try, by setting. */
    Map<String, List<String>> tried() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String one : tune) {
            String[] setting = one.split("=", 2);
            if (one.matches(".+?=.+")) {
                values.put(setting[0], List.of(setting[1].split("\\|")));
            } else if (!one.equals(METHODS)) {
                throw new WrongUsage(
                        "--tune is \"%s\": expected a setting and its values, such as \"rate=0.002|0.02\" in quotes"
                                .formatted(one));
            }
        }
        return values;
    }
}
