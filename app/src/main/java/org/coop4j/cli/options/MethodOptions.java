package org.coop4j.cli.options;

import static org.coop4j.console.WrongUsage.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.MethodChoice.Candidate;
import picocli.CommandLine.Option;

/** The methods that a command learns with, their settings and training, and the settings to choose among. */
public final class MethodOptions {

    /** Stands for {@link Method#quick} on the command line. */
    public static final String AUTO = "auto";

    /** The value of {@code --tune} alone: no setting is tried. */
    private static final String METHODS = "methods";

    private static final String SHOTS = "shots";

    private static final int MOST_CANDIDATES = 100;

    /** Options that stand for a setting of the training. */
    private static final Map<String, String> OPTIONS = Map.of("epochs", "--epochs", "batch", "--batch", "rate", "--lr");

    @Option(
            names = "--method",
            split = ",",
            defaultValue = Method.STANDARD,
            paramLabel = "NAME",
            description = "The method (\"coop methods\" lists them); several are learned on the same images and compared;"
                    + " \"auto\" chooses among the quick ones" + Options.DEFAULT)
    private List<String> names;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of the method or its training, such as weight=4 or momentum=0.8; repeatable.")
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
            description = "Words to initialise the context with, one vector per token: --set words=WORDS.")
    private String words;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Number of epochs (default: the method's own, by shots).")
    private String epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images per step (default: the method's own).")
    private String batch;

    @Option(names = "--lr", paramLabel = "RATE", description = "Highest learning rate (default: the method's own).")
    private String rate;

    @Option(
            names = "--tune",
            arity = "0..1",
            fallbackValue = METHODS,
            paramLabel = "NAME=A|B|…",
            description = "Choose a method, or setting values such as \"rate=0.002|0.02\" or \"shots=4|16\","
                    + " by validation images or cross-validation; repeat it for all combinations.")
    private List<String> tune = List.of();

    /** Returns true if one of several candidates is chosen. */
    public boolean choose() {
        return !tune.isEmpty() || names.contains(AUTO);
    }

    /** Returns true if several numbers of training images per class are tried. */
    public boolean triesShots() {
        return tried().containsKey(SHOTS);
    }

    /**
     * Returns the methods with their settings, each with each combination of the values to try.
     *
     * @param presetWords words that a preset initialises the context with, or null
     */
    public List<Candidate> candidates(String presetWords, int shots) {
        require(words == null || context == null, "--init gives one vector per token: omit --context, or --init");
        Map<String, List<String>> tried = tried();
        Map<String, String> settings = settings(presetWords);
        List<Candidate> candidates = WrongUsage.unless(() -> candidates(settings, tried, shots));
        for (String setting : tried.keySet()) {
            require(
                    candidates.stream().anyMatch(c -> has(c.method(), setting)),
                    "--tune %s: none of the methods has this setting".formatted(setting));
        }
        require(
                candidates.size() <= MOST_CANDIDATES,
                "%d candidates: expected %d or fewer, give fewer values to --tune"
                    .formatted(candidates.size(), MOST_CANDIDATES));
        return candidates;
    }

    private List<Candidate> candidates(Map<String, String> settings, Map<String, List<String>> tried, int shots) {
        List<Candidate> candidates = new ArrayList<>();
        for (String name : names()) {
            Method method = method(name, settings);
            List<Map<String, String>> combinations = List.of(Map.of());
            for (Map.Entry<String, List<String>> setting : tried.entrySet()) {
                if (has(method, setting.getKey())) {
                    combinations = combinations.stream()
                            .flatMap(some ->
                                    setting.getValue().stream().map(value -> with(some, Map.of(setting.getKey(), value))))
                            .toList();
                }
            }
            combinations.forEach(some -> candidates.add(candidate(name, settings, some, shots)));
        }
        return candidates;
    }

    private static Map<String, String> with(Map<String, String> settings, Map<String, String> others) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.putAll(others);
        return all;
    }

    private Candidate candidate(String name, Map<String, String> settings, Map<String, String> tried, int shots) {
        Map<String, String> all = with(settings, tried);
        String images = tried.containsKey(SHOTS) ? all.remove(SHOTS) : String.valueOf(shots);
        require(
                images.matches("\\d{1,6}"),
                "--tune shots: expected numbers, or 0 for all images, got \"" + images + "\"");
        Method method = method(name, all);
        int few = Integer.parseInt(images);
        String title = tried.entrySet().stream().map(setting -> ", " + setting).collect(Collectors.joining());
        return new Candidate(method.title() + title, method, training(method, all, few), few);
    }

    /** Returns the names without repetition, "auto" replaced by what it stands for. */
    private List<String> names() {
        return names.stream()
                .flatMap(name -> name.equals(AUTO) ? Method.quick().stream().map(Method::id) : Stream.of(name))
                .distinct()
                .toList();
    }

    private Method method(String name, Map<String, String> settings) {
        Method method = Method.of(name);
        Map<String, String> own = new LinkedHashMap<>(settings);
        // A setting may belong to the training, or to another of several methods.
        own.keySet().removeIf(s -> !isSettingOf(method, s) && (isOfTraining(s) || anotherHas(s)));
        return method.with(own);
    }

    private static boolean isSettingOf(Method method, String name) {
        return Settings.has((Record) method, name);
    }

    private static boolean isOfTraining(String setting) {
        return Settings.has(Training.none(), setting);
    }

    private boolean anotherHas(String setting) {
        return names().stream().anyMatch(name -> isSettingOf(Method.of(name), setting));
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

    /** Returns the method's training with the settings applied; a method that is not trained by steps stays so. */
    private Training training(Method method, Map<String, String> settings, int shots) {
        Training reference = method.training(shots);
        Map<String, String> own = new LinkedHashMap<>(settings);
        own.keySet().removeIf(name -> !isOfTraining(name));
        if (!reference.trains()) {
            if (!own.isEmpty() && names().size() == 1) {
                String name = own.keySet().iterator().next();
                throw new WrongUsage(
                        "%s does not apply to %s".formatted(OPTIONS.getOrDefault(name, "--set " + name), method.id()));
            }
            return reference;
        }
        Training training = Settings.with(reference, own);
        require(training.trains(), "epochs: expected 1 or more, got " + training.epochs());
        return training;
    }

    /** Returns the values to try, by setting. */
    private Map<String, List<String>> tried() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String one : tune) {
            int equals = one.indexOf('=');
            if (equals > 0 && equals < one.length() - 1) {
                String[] some = one.substring(equals + 1).split("\\|");
                values.put(one.substring(0, equals), List.of(some));
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
                || isSettingOf(method, setting)
                || (method.training(1).trains() && isOfTraining(setting));
    }
}
