package org.coop4j.cli.options;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.base.Settings;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.train.Training;
import picocli.CommandLine.Option;

/** Which settings are tried before the best is learned. */
public final class TuneOptions {

    /** No setting is tried, the methods alone. */
    private static final String METHODS = "methods";

    private static final String SHOTS = "shots";

    private static final int MOST_CANDIDATES = 100;

    @Option(
            names = "--tune",
            arity = "0..1",
            fallbackValue = TuneOptions.METHODS,
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

    /** Whether a method is chosen among several. */
    public boolean areGiven() {
        return !tune.isEmpty();
    }

    /** Whether several numbers of training images a class are tried. */
    public boolean triesShots() {
        return values().containsKey(SHOTS);
    }

    /** The candidates: each method with each combination of the values of settings that it has. */
    public List<Candidate> candidates(List<Method> methods, MethodOptions options, int shots) {
        Map<String, List<String>> values = values();
        for (String name : values.keySet()) {
            if (methods.stream().noneMatch(m -> has(m, name))) {
                throw new WrongUsage(
                        "--tune %s: none of the methods has this setting".formatted(name));
            }
        }
        List<Candidate> candidates = new ArrayList<>();
        for (Method method : methods) {
            for (Map<String, String> some : combinations(method, values)) {
                candidates.add(candidate(method, some, options, shots));
            }
        }
        if (candidates.size() > MOST_CANDIDATES) {
            throw new WrongUsage(
                    "%d candidates: expected %d or fewer, give fewer values to --tune"
                            .formatted(candidates.size(), MOST_CANDIDATES));
        }
        return candidates;
    }

    private Map<String, List<String>> values() {
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
            values.put(one.substring(0, equals), List.of(one.substring(equals + 1).split("\\|")));
        }
        return values;
    }

    private static boolean has(Method method, String setting) {
        return (setting.equals(SHOTS) && method.learns())
                || Settings.has((Record) method, setting)
                || (method.training(1).trains() && Settings.has(Training.none(), setting));
    }

    /** Of the settings that the method has. */
    private static List<Map<String, String>> combinations(
            Method method, Map<String, List<String>> values) {
        List<Map<String, String>> combinations = new ArrayList<>(List.of(Map.of()));
        values.forEach(
                (name, all) -> {
                    if (has(method, name)) {
                        List<Map<String, String>> more = new ArrayList<>();
                        for (Map<String, String> known : combinations) {
                            for (String value : all) {
                                Map<String, String> one = new LinkedHashMap<>(known);
                                one.put(name, value);
                                more.add(one);
                            }
                        }
                        combinations.clear();
                        combinations.addAll(more);
                    }
                });
        return combinations;
    }

    private static Candidate candidate(
            Method method, Map<String, String> some, MethodOptions options, int shots) {
        Map<String, String> own = new LinkedHashMap<>();
        Map<String, String> trained = new LinkedHashMap<>();
        int images = some.containsKey(SHOTS) ? shots(some.get(SHOTS)) : shots;
        some.forEach(
                (name, value) -> {
                    if (!name.equals(SHOTS)) {
                        (Settings.has((Record) method, name) ? own : trained).put(name, value);
                    }
                });
        return WrongUsage.unless(
                () -> {
                    Method set = method.with(own);
                    Training training = options.training(set, images);
                    String values =
                            some.entrySet().stream()
                                    .map(e -> ", " + e.getKey() + "=" + e.getValue())
                                    .collect(Collectors.joining());
                    return new Candidate(
                            set.title() + values, set, Settings.with(training, trained), images);
                });
    }

    private static int shots(String value) {
        if (!value.matches("\\d{1,6}")) {
            throw new WrongUsage(
                    "--tune shots: expected numbers, or 0 for all images, got \"" + value + "\"");
        }
        return Integer.parseInt(value);
    }
}
