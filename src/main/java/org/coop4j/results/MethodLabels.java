package org.coop4j.results;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.train.Training;

/**
 * From runs to the methods that tables tell apart. What a run's name and settings say of its method
 * is known here and nowhere else in this room and those above it.
 */
final class MethodLabels {

    private static final Pattern CONTEXT =
            Pattern.compile("coop-m([0-9]{1,4})-(end|middle|front)(-csc)?");
    private static final Pattern WORDS = Pattern.compile("coop-words(-csc)?");
    private static final Pattern ENSEMBLE = Pattern.compile("ensemble-([0-9]{1,6})");

    /** With these, a context is another method, whatever it is called. */
    private static final Set<String> DECISIVE =
            Set.of(
                    ("contextLength position classSpecific batch rate warmupEpochs "
                                    + "warmupRate momentum weightDecay views")
                            .split(" "));

    /** These may differ between datasets, and between numbers of shots, by design. */
    private static final Set<String> BY_DATASET =
            Set.of("epochs", "words", "template", "templates", "prompt", "prompts");

    /** Data, classes, shots, seed and model: a result has them itself. */
    private static final Set<String> ELSEWHERE =
            Set.of(
                    ("data dataset trainedOn learnedFrom testedOn classes half shots "
                                    + "seed method model modelFile modelSha256 checkpointEvery "
                                    + "threads bank out")
                            .split(" "));

    private static final String REFERENCE_RATE = "0.002";
    private static final int MOST = 200;
    private static final int LONGEST = 300;

    private MethodLabels() {}

    /** A method that stands alone under its name. */
    static MethodLabel named(String name) {
        return label(name, "", name, kind(name));
    }

    /**
     * The method of each run.
     *
     * @param datasets the test data of each run
     * @param notes is told what was told apart
     */
    static List<MethodLabel> of(
            List<FinishedRun> runs, List<String> datasets, Consumer<String> notes) {
        Map<String, List<Integer>> byName = new LinkedHashMap<>();
        for (int i = 0; i < runs.size(); i++) {
            byName.computeIfAbsent(runs.get(i).result().method(), n -> new ArrayList<>()).add(i);
        }
        MethodLabel[] labels = new MethodLabel[runs.size()];
        byName.forEach(
                (name, positions) -> {
                    Set<String> telling = telling(runs, datasets, positions);
                    Set<String> variants = new LinkedHashSet<>();
                    for (int i : positions) {
                        FinishedRun run = runs.get(i);
                        String variant =
                                telling.stream()
                                        .map(s -> describe(s, run.settings().get(s)))
                                        .collect(Collectors.joining(", "));
                        variants.add(variant);
                        String published = name.equals("coop") ? published(run.settings()) : name;
                        labels[i] = label(name, variant, published, kind(run));
                    }
                    if (!telling.isEmpty()) {
                        notes.accept(
                                name
                                        + ": runs with different settings have this name and are"
                                        + " shown apart: "
                                        + String.join("; ", variants));
                    }
                });
        return List.of(labels);
    }

    private static MethodLabel label(
            String name, String variant, String published, MethodLabel.Kind kind) {
        return new MethodLabel(
                variant.isEmpty() ? name : name + " [" + variant + "]",
                variant.isEmpty() ? title(name, kind) : title(name, kind) + ", " + variant,
                published,
                kind,
                rank(name, published));
    }

    private static String title(String name, MethodLabel.Kind kind) {
        Matcher context = CONTEXT.matcher(name);
        if (context.matches()) {
            String specific = context.group(3) == null ? "" : ", CSC";
            return "CoOp (M = %s, %s%s)".formatted(context.group(1), context.group(2), specific);
        }
        Matcher words = WORDS.matcher(name);
        if (words.matches()) {
            return words.group(1) == null ? "CoOp (from words)" : "CoOp (from words, CSC)";
        }
        Matcher ensemble = ENSEMBLE.matcher(name);
        if (ensemble.matches()) {
            return "ensemble of " + ensemble.group(1) + " prompts";
        }
        return switch (kind) {
            case ZERO_SHOT -> "zero-shot CLIP";
            case BEST_HAND_WRITTEN -> "best hand-written prompt";
            case PROBE -> "linear probe";
            default -> name.equals("coop") ? "CoOp" : name;
        };
    }

    /** Smaller ensembles first; contexts as the paper has them, the longest at the end first. */
    private static int rank(String name, String published) {
        Matcher ensemble = ENSEMBLE.matcher(name);
        if (ensemble.matches()) {
            return Integer.parseInt(ensemble.group(1));
        }
        Matcher context = CONTEXT.matcher(published.isEmpty() ? name : published);
        if (!context.matches()) {
            return 0;
        }
        int position = "end middle front".indexOf(context.group(2));
        int place = 2 * position + (context.group(3) == null ? 0 : 1);
        return place - 100 * Integer.parseInt(context.group(1));
    }

    private static MethodLabel.Kind kind(String name) {
        return switch (name) {
            case "zero-shot" -> MethodLabel.Kind.ZERO_SHOT;
            case "hand-written-best" -> MethodLabel.Kind.BEST_HAND_WRITTEN;
            case "linear-probe" -> MethodLabel.Kind.PROBE;
            default ->
                    ENSEMBLE.matcher(name).matches()
                            ? MethodLabel.Kind.ENSEMBLE
                            : name.equals("coop") || name.startsWith("coop-")
                                    ? MethodLabel.Kind.CONTEXT
                                    : MethodLabel.Kind.OTHER;
        };
    }

    /** A sweep's plan can give methods names of their own: their runs say what they are. */
    private static MethodLabel.Kind kind(FinishedRun run) {
        MethodLabel.Kind byName = kind(run.result().method());
        if (byName != MethodLabel.Kind.OTHER) {
            return byName;
        }
        if (isContext(run.settings())) {
            return MethodLabel.Kind.CONTEXT;
        }
        return run.shots().equals(Shots.NONE) ? MethodLabel.Kind.PROMPTS : MethodLabel.Kind.OTHER;
    }

    private static boolean isContext(Map<String, String> settings) {
        return settings.containsKey("position") && settings.containsKey("classSpecific");
    }

    /** The name under which the papers' numbers of such a context are kept, or "". */
    private static String published(Map<String, String> settings) {
        boolean reference = settings.getOrDefault("rate", REFERENCE_RATE).equals(REFERENCE_RATE);
        String words = settings.get("words");
        String length = settings.get("contextLength");
        if (!isContext(settings) || !reference || (words == null && length == null)) {
            return "";
        }
        String specific = settings.get("classSpecific").equals("true") ? "-csc" : "";
        return words != null
                ? "coop-words" + specific
                : "coop-m"
                        + length
                        + "-"
                        + settings.get("position").toLowerCase(Locale.ROOT)
                        + specific;
    }

    /** The settings in which runs of one name differ so that they may not be averaged. */
    private static Set<String> telling(
            List<FinishedRun> runs, List<String> datasets, List<Integer> positions) {
        Set<String> all = new TreeSet<>();
        positions.forEach(i -> all.addAll(runs.get(i).settings().keySet()));
        Set<String> telling = new LinkedHashSet<>();
        for (String setting : all) {
            int values = values(runs, setting, positions).size();
            boolean differs;
            if (DECISIVE.contains(setting)) {
                differs = values > 1;
            } else if (BY_DATASET.contains(setting)) {
                differs =
                        startDiffers(runs, setting, positions)
                                || differInACell(runs, datasets, setting, positions, false);
            } else {
                // Each run has its own of a thing such as the time: that was not chosen.
                differs =
                        2 * values <= positions.size()
                                && differInACell(runs, datasets, setting, positions, true);
            }
            if (differs) {
                telling.add(setting);
            }
        }
        return telling;
    }

    /** Words to begin with are another method than random numbers, on whatever data. */
    private static boolean startDiffers(
            List<FinishedRun> runs, String setting, List<Integer> positions) {
        return setting.equals("words")
                && positions.stream()
                                .map(i -> runs.get(i).settings().get(setting) == null)
                                .distinct()
                                .count()
                        > 1;
    }

    private static Set<String> values(
            List<FinishedRun> runs, String setting, List<Integer> positions) {
        Set<String> values = new LinkedHashSet<>();
        for (int i : positions) {
            Map<String, String> settings = runs.get(i).settings();
            // Words decide the length of a context, which then has none of its own.
            boolean silent = setting.equals("contextLength") && settings.get("words") != null;
            if (!silent) {
                values.add(String.valueOf(settings.get(setting)));
            }
        }
        return values;
    }

    /**
     * Whether runs that would be averaged differ.
     *
     * @param sameSeed whether runs of different seeds are kept apart
     */
    private static boolean differInACell(
            List<FinishedRun> runs,
            List<String> datasets,
            String setting,
            List<Integer> positions,
            boolean sameSeed) {
        Map<List<Object>, List<Integer>> cells = new HashMap<>();
        for (int i : positions) {
            var result = runs.get(i).result();
            List<Object> cell =
                    List.of(
                            datasets.get(i),
                            String.valueOf(result.trainedOn()),
                            result.half(),
                            runs.get(i).shots(),
                            sameSeed ? result.seed() : 0L);
            cells.computeIfAbsent(cell, c -> new ArrayList<>()).add(i);
        }
        return cells.values().stream().anyMatch(c -> values(runs, setting, c).size() > 1);
    }

    /**
     * What a run was configured with, as texts by setting; a setting inside another has both names,
     * with a full stop.
     */
    static SortedMap<String, String> settings(JsonNode config, int shots) {
        SortedMap<String, String> values = new TreeMap<>();
        if (config.has("format")) {
            config.path("settings").properties().forEach(f -> put(f, values));
            config.path("training").properties().forEach(f -> put(f, values));
            if (config.path("training").isObject()) {
                values.put("views", config.path("sample").path("views").asText());
            }
        } else {
            collect("", config.path("config").isObject() ? config.path("config") : config, values);
        }
        String epochs = values.get("epochs");
        values.computeIfPresent("views", (name, views) -> views(views, epochs));
        if (String.valueOf(Training.coopEpochs(shots)).equals(epochs)) {
            values.put("epochs", "by shots");
        }
        if (values.containsKey("words")) {
            values.remove("contextLength"); // the words' tokens decide it
        }
        return values;
    }

    private static void put(Map.Entry<String, JsonNode> setting, SortedMap<String, String> values) {
        if (!setting.getValue().isNull()) {
            String name =
                    Pattern.compile("_(.)")
                            .matcher(setting.getKey())
                            .replaceAll(m -> m.group(1).toUpperCase(Locale.ROOT));
            values.put(name, setting.getValue().asText());
        }
    }

    private static void collect(String path, JsonNode node, SortedMap<String, String> values) {
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                if (!ELSEWHERE.contains(field.getKey())) {
                    String inner = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
                    collect(inner, field.getValue(), values);
                }
            }
        } else if (!node.isNull() && values.size() < MOST) {
            String text = node.isValueNode() ? node.asText() : node.toString();
            values.put(path, text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text);
        }
    }

    private static String views(String views, String epochs) {
        String crops = views.equals(epochs) ? "a new crop each epoch" : views + " crops";
        return views.equals("0") ? "centre crop" : crops;
    }

    /** A setting for people, such as "M = 4" or "class-specific". */
    private static String describe(String setting, String value) {
        if (value == null) {
            return setting.equals("words") ? "random start" : "no " + setting;
        }
        return switch (setting) {
            case "contextLength" -> "M = " + value;
            case "position" -> value.toLowerCase(Locale.ROOT);
            case "classSpecific" -> value.equals("true") ? "class-specific" : "unified";
            case "words" -> "from \"" + value + "\"";
            case "rate" -> "learning rate " + value;
            case "warmupEpochs" -> "warm-up epochs " + value;
            case "warmupRate" -> "warm-up rate " + value;
            case "weightDecay" -> "weight decay " + value;
            case "views" -> value;
            case "epochs" ->
                    value.equals("by shots") ? "epochs by shots (50, 100, 200)" : value + " epochs";
            default -> setting + " " + value;
        };
    }
}
