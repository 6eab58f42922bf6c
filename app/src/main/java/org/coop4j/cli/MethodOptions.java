package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.cli.options.Options;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.MethodChoice.Candidate;
import picocli.CommandLine.Option;

/** The methods that a command learns with, their settings and training, and the settings to choose among. */
final class MethodOptions {

    /** Stands for {@link Method#quick} on the command line. */
    static final String AUTO = "auto";

    /** The value of {@code --tune} alone: no setting is tried. */
    private static final String METHODS = "methods";

    private static final String SHOTS = "shots";

    private static final int MOST_CANDIDATES = 100;

    @Option(
            names = "--method",
            split = ",",
            defaultValue = Method.STANDARD,
            paramLabel = "NAME",
            description = "The method, or several to compare (see coop methods);" + " auto chooses among the quick ones"
                    + Options.DEFAULT)
    private List<String> names;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of the method or its training, such as weight=4; repeatable.")
    private Map<String, String> set = Map.of();

    @Option(
            names = {"-M", "--context"},
            paramLabel = "M",
            description = "Number of context vectors: --set context_length=M.")
    private String context;

    @Option(
            names = "--position",
            paramLabel = "WHERE",
            description = "Position of the class name: --set position=end, middle or front.")
    private String position;

    @Option(names = "--csc", description = "Class-specific context vectors: --set class_specific=true.")
    private boolean classSpecific;

    @Option(
            names = "--init",
            paramLabel = "WORDS",
            description = "Words to initialise the context with: --set words=WORDS.")
    private String words;

    @Option(names = "--epochs", paramLabel = "N", description = "Number of epochs: --set epochs=N.")
    private String epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images per step: --set batch=N.")
    private String batch;

    @Option(names = "--lr", paramLabel = "RATE", description = "Highest learning rate, as given: --set rate=RATE.")
    private String rate;

    @Option(
            names = "--tune",
            arity = "0..1",
            fallbackValue = METHODS,
            paramLabel = "NAME=A|B|…",
            description = "Choose a method, or values of a setting (also shots), by validation images or"
                    + " cross-validation; repeat it for all combinations.")
    private List<String> tune = List.of();

    /** Returns true if one of several candidates is chosen. */
    boolean choose() {
        return !tune.isEmpty() || names.contains(AUTO);
    }

    /** Returns true if several numbers of training images per class are tried. */
    boolean triesShots() {
        return tried().containsKey(SHOTS);
    }

    /**
     * Returns the methods with their settings, each with each combination of the values to try.
     *
     * @param presetWords words that a preset initialises the context with, or null
     * @param logitScale the model's, to which the references' rates are adapted
     */
    List<Candidate> candidates(String presetWords, int shots, double logitScale) {
        Map<String, String> settings = settings(presetWords);
        Map<String, List<String>> tried = tried();
        for (String setting : tried.keySet()) {
            require(
                    methods().stream().anyMatch(method -> has(method, setting)),
                    "--tune %s: none of the methods has this setting".formatted(setting));
        }
        List<Candidate> candidates = WrongUsage.unless(() -> methods().stream()
                .flatMap(method -> combinations(method, tried).stream()
                        .map(some -> candidate(method, settings, some, shots, logitScale)))
                .toList());

        require(
                candidates.size() <= MOST_CANDIDATES,
                "%d candidates: expected %d or fewer, give fewer values to --tune"
                        .formatted(candidates.size(), MOST_CANDIDATES));
        return candidates;
    }

    /** Returns the methods, each once, with their default settings; "auto" stands for several. */
    private List<Method> methods() {
        return names.stream()
                .flatMap(name -> name.equals(AUTO) ? Method.quick().stream() : Stream.of(Method.of(name)))
                .distinct()
                .toList();
    }

    /** Returns the rates that were adapted to a model, in words. */
    static Set<String> adaptedRates(List<Candidate> candidates, double logitScale) {
        Set<String> notes = new LinkedHashSet<>();
        for (Candidate candidate : candidates) {
            Method method = candidate.method();
            Training reference = method.training(candidate.shots());
            double rate = candidate.training().rate();
            if (rate != reference.rate()
                    && rate == method.adapted(reference, logitScale).rate()) {
                notes.add("%srate %s: the reference's %s, adapted to a logit scale of %.0f"
                        .formatted(
                                candidates.size() > 1 ? method.id() + ": " : "",
                                decimal(rate),
                                decimal(reference.rate()),
                                logitScale));
            }
        }
        return notes;
    }

    private static String decimal(double rate) {
        return BigDecimal.valueOf(rate).stripTrailingZeros().toPlainString();
    }

    /** Returns all combinations of the values to try, of settings that the method has. */
    private static List<Map<String, String>> combinations(Method method, Map<String, List<String>> tried) {
        List<Map<String, String>> combinations = List.of(Map.of());
        for (Map.Entry<String, List<String>> setting : tried.entrySet()) {
            if (has(method, setting.getKey())) {
                combinations = combinations.stream()
                        .flatMap(some ->
                                setting.getValue().stream().map(value -> with(some, Map.of(setting.getKey(), value))))
                        .toList();
            }
        }
        return combinations;
    }

    private static Map<String, String> with(Map<String, String> settings, Map<String, String> others) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.putAll(others);
        return all;
    }

    /** A method and its training, whose settings are given together. */
    private record Configured(Record method, Training training) {}

    private Candidate candidate(
            Method standard, Map<String, String> settings, Map<String, String> tried, int shots, double logitScale) {
        Map<String, String> own = with(settings, tried);
        own.keySet().removeIf(s -> !has(standard, s) && methods().stream().anyMatch(other -> has(other, s)));
        String images = tried.containsKey(SHOTS) ? own.remove(SHOTS) : String.valueOf(shots);
        require(
                images.matches("\\d{1,6}"),
                "--tune shots: expected numbers, or 0 for all images, got \"" + images + "\"");
        int few = Integer.parseInt(images);
        Training reference = standard.adapted(standard.training(few), logitScale);
        Configured given = reference.trains()
                ? Settings.with(new Configured((Record) standard, reference), own)
                : new Configured((Record) standard.with(own), reference);
        require(
                given.training.trains() == reference.trains(),
                "epochs: expected 1 or more, got " + given.training.epochs());
        Method method = (Method) given.method;
        String title = tried.entrySet().stream().map(setting -> ", " + setting).collect(Collectors.joining());
        return new Candidate(method.title() + title, method, given.training, few);
    }

    private Map<String, String> settings(String presetWords) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("context_length", context);
        values.put("position", position);
        values.put("class_specific", classSpecific ? "true" : null);
        values.put("words", words == null && context == null ? presetWords : words);
        values.put("epochs", epochs);
        values.put("batch", batch);
        values.put("rate", rate);
        values.values().removeIf(Objects::isNull);
        return with(values, set);
    }

    /** Returns the values to try, by setting. */
    private Map<String, List<String>> tried() {
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

    private static boolean has(Method method, String setting) {
        return (setting.equals(SHOTS) && method.learns())
                || Settings.has((Record) method, setting)
                || (method.training(1).trains() && Settings.has(Training.none(), setting));
    }
}
