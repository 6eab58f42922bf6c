package org.coop4j.cli.options;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.MethodChoice.Candidate;
import picocli.CommandLine.Option;

/** The methods that a command learns by, what is set of them and of their training, and which settings are tried before the best is learned. */
public final class MethodOptions {

    private static final String AUTO = "auto";

    /** No setting is tried, the methods alone. */
    private static final String METHODS = "methods";

    private static final String SHOTS = "shots";

    private static final int MOST_CANDIDATES = 100;

    @Option(
            names = "--method",
            split = ",",
            defaultValue = Method.STANDARD,
            paramLabel = "NAME",
            description = {
                "The method; several are learned on the same images and compared. \"coop methods\""
                        + " lists them with their settings. \"auto\" chooses among those that learn"
                        + " in seconds by the val images, or by cross-validation where there are"
                        + " few; others are candidates too if they are named: auto,coop,kgcoop"
                        + " (default: ${DEFAULT-VALUE})."
            })
    private List<String> names;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = {
                "A setting of the method or of its training, such as --set weight=4 or --set"
                        + " momentum=0.8; may be given several times."
            })
    private Map<String, String> set = Map.of();

    @Option(
            names = {"-M", "--context"},
            paramLabel = "M",
            description = "Number of context vectors: --set context_length=M.")
    private String context;

    @Option(
            names = "--position",
            paramLabel = "WHERE",
            description = "Where the class name stands: --set position=end, middle or front.")
    private String position;

    @Option(
            names = "--csc",
            description =
                    "Class-specific context, each class learns vectors of its own: --set" + " class_specific=true.")
    private boolean classSpecific;

    @Option(
            names = "--init",
            paramLabel = "WORDS",
            description = "Words that the context begins as, one vector a token: --set words=WORDS.")
    private String words;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Number of epochs (default: the method's own, by shots).")
    private String epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images of a step (default: the method's own).")
    private String batch;

    @Option(names = "--lr", paramLabel = "RATE", description = "Highest learning rate (default: the method's own).")
    private String rate;

    @Option(
            names = "--tune",
            arity = "0..1",
            fallbackValue = MethodOptions.METHODS,
            paramLabel = "NAME=A|B|…",
            description = {
                "Choose among the methods of --method by the val images, or by cross-validation"
                        + " where there are few, and learn the best alone. With a setting and its"
                        + " values, such as --tune \"context_length=4|16\" or --tune"
                        + " \"rate=0.002|0.02\", all combinations are tried; --tune \"shots=4|16\""
                        + " tries numbers of training images a class. May be given several times. The"
                        + " test images choose nothing."
            })
    private List<String> tune = List.of();

    /** Whether one of several candidates is chosen. */
    public boolean choose() {
        return !tune.isEmpty() || names.contains(AUTO);
    }

    /** Whether several numbers of training images a class are tried. */
    public boolean triesShots() {
        return tried().containsKey(SHOTS);
    }

    /**
     * The methods with their settings, each with each combination of the values that are tried.
     *
     * @param presetWords words that a preset begins with, or null
     */
    public List<Candidate> candidates(String presetWords, int shots) {
        if (words != null && context != null) {
            throw new WrongUsage("--init gives one vector a token: omit --context, or --init");
        }
        Map<String, String> values = settings();
        if (presetWords != null && words == null && context == null) {
            values.put("words", presetWords);
        }
        List<Method> methods = WrongUsage.unless(
                () -> names().stream().map(n -> method(n, values)).toList());
        Map<String, List<String>> tried = tried();
        for (String name : tried.keySet()) {
            if (methods.stream().noneMatch(m -> has(m, name))) {
                throw new WrongUsage("--tune %s: none of the methods has this setting".formatted(name));
            }
        }
        List<Candidate> candidates = new ArrayList<>();
        for (Method method : methods) {
            for (Map<String, String> some : combinations(method, tried)) {
                candidates.add(WrongUsage.unless(() -> candidate(method, some, shots)));
            }
        }
        if (candidates.size() > MOST_CANDIDATES) {
            throw new WrongUsage("%d candidates: expected %d or fewer, give fewer values to --tune"
                    .formatted(candidates.size(), MOST_CANDIDATES));
        }
        return candidates;
    }

    /** The names without repetition, those that "auto" means in its place. */
    private List<String> names() {
        return names.stream()
                .flatMap(name -> name.equals(AUTO) ? Method.quick().stream().map(Method::id) : Stream.of(name))
                .distinct()
                .toList();
    }

    private Method method(String name, Map<String, String> values) {
        Method method = Method.of(name);
        Map<String, String> own = new LinkedHashMap<>(values);
        // A setting of the training, or of another of several methods, is no mistake.
        own.keySet().removeIf(s -> !isSettingOf((Record) method, s) && (isOfTraining(s) || anotherHas(s)));
        return method.with(own);
    }

    private static boolean isSettingOf(Record settings, String name) {
        return Settings.has(settings, name);
    }

    private static boolean isOfTraining(String setting) {
        return isSettingOf(Training.none(), setting);
    }

    private boolean anotherHas(String setting) {
        return names().stream().anyMatch(name -> isSettingOf((Record) Method.of(name), setting));
    }

    private Map<String, String> settings() {
        Map<String, String> values = new LinkedHashMap<>();
        put(values, "context_length", context);
        put(values, "position", position);
        put(values, "class_specific", classSpecific ? "true" : null);
        put(values, "words", words);
        values.putAll(set);
        return values;
    }

    private static void put(Map<String, String> values, String name, String value) {
        if (value != null) {
            values.put(name, value);
        }
    }

    /** The method's training with what is set of it; one that is not trained by steps stays so. */
    private Training training(Method method, int shots) {
        Training reference = method.training(shots);
        Map<String, String> values = new LinkedHashMap<>();
        put(values, "epochs", epochs);
        put(values, "batch", batch);
        put(values, "rate", rate);
        values.putAll(set);
        values.keySet().removeIf(name -> !isOfTraining(name));
        if (!reference.trains()) {
            if (!values.isEmpty() && names().size() == 1) {
                throw new WrongUsage(
                        method.id() + " is not trained by steps: omit " + String.join(", ", values.keySet()));
            }
            return reference;
        }
        Training training = Settings.with(reference, values);
        if (!training.trains()) {
            throw new WrongUsage("epochs: expected 1 or more, got " + training.epochs());
        }
        return training;
    }

    /** The values of settings that are tried. */
    private Map<String, List<String>> tried() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String one : tune) {
            if (one.equals(METHODS)) {
                continue;
            }
            int equals = one.indexOf('=');
            if (equals < 1 || equals == one.length() - 1) {
                throw new WrongUsage(
                        "--tune is \"%s\": expected a setting and its values, such as \"rate=0.002|0.02\" in quotes"
                                .formatted(one));
            }
            values.put(
                    one.substring(0, equals), List.of(one.substring(equals + 1).split("\\|")));
        }
        return values;
    }

    private static boolean has(Method method, String setting) {
        return (setting.equals(SHOTS) && method.learns())
                || isSettingOf((Record) method, setting)
                || (method.training(1).trains() && isOfTraining(setting));
    }

    /** Of the settings that the method has. */
    private static List<Map<String, String>> combinations(Method method, Map<String, List<String>> tried) {
        List<Map<String, String>> combinations = List.of(Map.of());
        for (Map.Entry<String, List<String>> setting : tried.entrySet()) {
            if (has(method, setting.getKey())) {
                List<Map<String, String>> more = new ArrayList<>();
                for (Map<String, String> known : combinations) {
                    for (String value : setting.getValue()) {
                        Map<String, String> one = new LinkedHashMap<>(known);
                        one.put(setting.getKey(), value);
                        more.add(one);
                    }
                }
                combinations = more;
            }
        }
        return combinations;
    }

    private Candidate candidate(Method method, Map<String, String> some, int shots) {
        Map<String, String> own = new LinkedHashMap<>();
        Map<String, String> trained = new LinkedHashMap<>();
        StringBuilder title = new StringBuilder();
        int images = shots;
        for (Map.Entry<String, String> setting : some.entrySet()) {
            String name = setting.getKey();
            String value = setting.getValue();
            title.append(", ").append(name).append('=').append(value);
            if (name.equals(SHOTS)) {
                images = number(value);
            } else {
                (isSettingOf((Record) method, name) ? own : trained).put(name, value);
            }
        }
        Method set = method.with(own);
        return new Candidate(set.title() + title, set, Settings.with(training(set, images), trained), images);
    }

    private static int number(String shots) {
        if (!shots.matches("\\d{1,6}")) {
            throw new WrongUsage("--tune shots: expected numbers, or 0 for all images, got \"" + shots + "\"");
        }
        return Integer.parseInt(shots);
    }
}
