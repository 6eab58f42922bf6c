package org.coop4j.cli.options;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.method.Roles;
import org.coop4j.method.train.Training;
import picocli.CommandLine.Option;

/** The methods that a command learns by, with what is set of them and of their training. */
public final class MethodOptions {

    private static final String EPOCHS = "epochs";

    private static final String AUTO = "auto";

    @Option(
            names = "--method",
            split = ",",
            defaultValue = Roles.STANDARD,
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
                    "Class-specific context, each class learns vectors of its own: --set"
                            + " class_specific=true.")
    private boolean classSpecific;

    @Option(
            names = "--init",
            paramLabel = "WORDS",
            description =
                    "Words that the context begins as, one vector a token: --set words=WORDS.")
    private String words;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Number of epochs (default: the method's own, by shots).")
    private String epochs;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Images of a step (default: the method's own).")
    private String batch;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            description = "Highest learning rate (default: the method's own).")
    private String rate;

    /**
     * The methods with their settings.
     *
     * @param presetWords words that a preset begins with, or null
     */
    public List<Method> methods(String presetWords) {
        if (words != null && context != null) {
            throw new WrongUsage("--init gives one vector a token: omit --context, or --init");
        }
        Map<String, String> values = settings();
        if (presetWords != null && words == null && context == null) {
            values.put("words", presetWords);
        }
        List<Method> methods = new ArrayList<>();
        for (String name : names()) {
            methods.add(WrongUsage.unless(() -> method(name, values)));
        }
        return methods;
    }

    /** Whether one of the methods is to be chosen. */
    public boolean isAuto() {
        return names.contains(AUTO);
    }

    /** The names without repetition, those that "auto" means in its place. */
    private List<String> names() {
        return names.stream()
                .flatMap(
                        name ->
                                name.equals(AUTO)
                                        ? Roles.quick().stream().map(Method::id)
                                        : Stream.of(name))
                .distinct()
                .toList();
    }

    private Method method(String name, Map<String, String> values) {
        Method method = Method.of(name);
        Map<String, String> own = new LinkedHashMap<>(values);
        // A setting of the training, or of another of several methods, is no mistake.
        own.keySet()
                .removeIf(
                        setting ->
                                !Settings.has((Record) method, setting)
                                        && (Settings.has(Training.none(), setting)
                                                || anotherHas(setting)));
        return method.with(own);
    }

    private boolean anotherHas(String setting) {
        return names().stream()
                .map(Method::of)
                .anyMatch(method -> Settings.has((Record) method, setting));
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
    public Training training(Method method, int shots) {
        Training reference = method.training(shots);
        Map<String, String> values = new LinkedHashMap<>();
        put(values, EPOCHS, epochs);
        put(values, "batch", batch);
        put(values, "rate", rate);
        set.forEach(
                (name, value) -> {
                    if (Settings.has(Training.none(), name)) {
                        values.put(name, value);
                    }
                });
        if (!reference.trains()) {
            if (!values.isEmpty() && names().size() == 1) {
                throw new WrongUsage(
                        method.id()
                                + " is not trained by steps: omit "
                                + String.join(", ", values.keySet()));
            }
            return reference;
        }
        Training training = WrongUsage.unless(() -> Settings.with(reference, values));
        if (!training.trains()) {
            throw new WrongUsage("epochs: expected 1 or more, got " + training.epochs());
        }
        return training;
    }
}
