package org.coop4j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.run.MethodChoice.Candidate;
import picocli.CommandLine.Option;

/** The methods that a command learns with, their settings and training, and the settings to choose among. */
final class MethodOptions {

    /** Stands for {@link Method#quick} on the command line. */
    static final String AUTO = "auto";

    /** The value of {@code --tune} alone: no setting is tried. */
    private static final String METHODS = "methods";

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
     * @param preset settings of a preset, by name, which options override
     * @param each training images per class that there are, on average; 0 if unknown
     * @param logitScale the model's, to which the references' rates are adapted
     * @param fast settings in place of the references', of methods that have some
     */
    List<Candidate> candidates(
            Map<String, String> preset,
            int shots,
            int each,
            double logitScale,
            Function<Method, Optional<Method.Fast>> fast) {
        return WrongUsage.unless(() ->
                new CandidateGrid(methods(), settings(preset), tried(), shots, each, logitScale, fast).candidates());
    }

    /** Returns the candidate of a choice that has minutes for it, with its fast settings. */
    static Candidate slow(int shots, int each, double logitScale, Method.Fast fast) {
        return new CandidateGrid(
                        List.of(Method.slow()), Map.of(), Map.of(), shots, each, logitScale, m -> Optional.of(fast))
                .candidates()
                .get(0);
    }

    /** Takes the methods for several labels per image as defaults and for "auto". */
    void ofSets() {
        sets = true;
    }

    /** Returns the names given, or that of the default. */
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

    private Map<String, String> settings(Map<String, String> preset) {
        Map<String, String> values = new LinkedHashMap<>(preset);
        values.keySet().removeIf(name -> methods().stream().noneMatch(method -> Settings.has(method.settings(), name)));
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
