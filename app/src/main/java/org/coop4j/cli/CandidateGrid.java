package org.coop4j.cli;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.method.Method;
import org.coop4j.method.PromptMethod;
import org.coop4j.method.Training;
import org.coop4j.page.Shots;
import org.coop4j.run.MethodChoice.Candidate;

/**
 * Methods with settings, each with each combination of the values to try.
 *
 * @param methods with their default settings
 * @param settings values by name, of the methods and of their training
 * @param tried values to try by setting, also of {@link #SHOTS}
 * @param shots training images per class where they are not tried; 0 for all
 * @param each training images per class that there are, on average; 0 if unknown
 * @param logitScale the model's, to which the references' rates are adapted
 * @param fast settings in place of the references', of methods that have some
 */
record CandidateGrid(
        List<Method> methods,
        Map<String, String> settings,
        Map<String, List<String>> tried,
        int shots,
        int each,
        double logitScale,
        Function<Method, Optional<Method.Fast>> fast) {

    /** The number of training images per class, as a setting to try. */
    static final String SHOTS = "shots";

    private static final int MOST = 100;

    private static final int FEWEST_EPOCHS = 10;

    /**
     * Returns the candidates.
     *
     * @throws IllegalArgumentException if none of the methods has a setting, a value is not allowed, or they are too many
     */
    List<Candidate> candidates() {
        for (String setting : tried.keySet()) {
            Require.that(
                    methods.stream().anyMatch(method -> has(method, setting)),
                    "%s to try: none of the methods has this setting".formatted(setting));
        }
        List<Candidate> candidates = methods.stream()
                .flatMap(method -> combinations(method).stream().map(some -> candidate(method, some)))
                .toList();
        Require.that(
                candidates.size() <= MOST,
                "%d candidates: expected %d or fewer, give fewer values to try".formatted(candidates.size(), MOST));
        return candidates;
    }

    /**
     * Returns the rates that were adapted to a model, and the epochs to a number of images, in words.
     *
     * @param each training images per class that there are, on average
     */
    static Set<String> adapted(List<Candidate> candidates, int each, double logitScale) {
        Set<String> notes = new LinkedHashSet<>();
        for (Candidate candidate : candidates) {
            Method method = candidate.method();
            Training reference = method.training(candidate.shots());
            Training adapted = method.adapted(reference, logitScale);
            String name = candidates.size() > 1 ? method.id() + ": " : "";
            int epochs = epochs(method, each);
            if (candidate.shots() == 0
                    && epochs < reference.epochs()
                    && epochs == candidate.training().epochs()) {
                notes.add("%s%d epochs of all images: the reference's %d, adapted to %d images per class"
                        .formatted(name, epochs, reference.epochs(), each));
            }
            if (adapted.rate() != reference.rate()
                    && adapted.rate() == candidate.training().rate()) {
                notes.add("%srate %s: the reference's %s, adapted to a logit scale of %.0f"
                        .formatted(name, decimal(adapted), decimal(reference), logitScale));
            }
        }
        return notes;
    }

    /**
     * Returns the epochs of a method that learns from all images. The steps of prompts, each with all class names, do not
     * grow with the folder once it has many images.
     */
    private static int epochs(Method method, int each) {
        int reference = method.training(0).epochs();
        int same = Math.round((float) reference * PromptMethod.MANY / Math.max(PromptMethod.MANY, each));
        return method.group().runsTower() ? Math.min(reference, Math.max(FEWEST_EPOCHS, same)) : reference;
    }

    private static String decimal(Training training) {
        return BigDecimal.valueOf(training.rate()).stripTrailingZeros().toPlainString();
    }

    /** Returns all combinations of the values to try, of settings that the method has. */
    private List<Map<String, String>> combinations(Method method) {
        List<Map<String, String>> combinations = List.of(Map.of());
        for (String setting : tried.keySet()) {
            if (has(method, setting)) {
                combinations = combinations.stream()
                        .flatMap(some -> tried.get(setting).stream().map(value -> with(some, Map.of(setting, value))))
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

    private Candidate candidate(Method standard, Map<String, String> some) {
        Map<String, String> own = with(settings, some);
        own.keySet().removeIf(s -> !has(standard, s) && methods.stream().anyMatch(other -> has(other, s)));
        String images = some.containsKey(SHOTS) ? own.remove(SHOTS) : String.valueOf(shots);
        int count = Shots.parse(images).sampled();
        Optional<Method.Fast> few = fast.apply(standard);
        if (count == 0 && few.isEmpty() && standard.training(0).trains()) {
            own.putIfAbsent("epochs", String.valueOf(epochs(standard, each)));
        }
        Method.Fast start = few.orElse(new Method.Fast(standard, standard.training(count), 0));
        Candidate candidate = Candidate.of(start, own, count, logitScale);
        String title = some.entrySet().stream().map(setting -> ", " + setting).collect(Collectors.joining());
        return new Candidate(candidate.name() + title, candidate.method(), candidate.training(), candidate.shots());
    }

    private static boolean has(Method method, String setting) {
        return (setting.equals(SHOTS) && method.learns())
                || Settings.has(method.settings(), setting)
                || (method.training(1).trains() && Settings.has(Training.none(), setting));
    }
}
