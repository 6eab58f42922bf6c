package org.coop4j.results;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.run.TrainConfig;

/**
 * What a run was configured with, so that runs of one name and different settings can be told
 * apart. Data, classes, shots, seed and model are not among it: a result has them itself.
 *
 * @param values texts by setting; a setting inside another has both names, with a full stop
 */
public record Settings(SortedMap<String, String> values) {

    /** With these, a context is another method, whatever it is called. */
    private static final Set<String> DECISIVE =
            Set.of(
                    "contextLength",
                    "position",
                    "classSpecific",
                    "batch",
                    "rate",
                    "warmupEpochs",
                    "warmupRate",
                    "momentum",
                    "weightDecay",
                    "views");

    /** These may differ between datasets, and between numbers of shots, by design. */
    private static final Set<String> BY_DATASET =
            Set.of("epochs", "words", "template", "templates", "prompt", "prompts");

    private static final Set<String> ELSEWHERE =
            Set.of(
                    "data",
                    "dataset",
                    "trainedOn",
                    "learnedFrom",
                    "testedOn",
                    "classes",
                    "half",
                    "shots",
                    "seed",
                    "method",
                    "model",
                    "modelFile",
                    "modelSha256",
                    "checkpointEvery",
                    "threads",
                    "bank",
                    "out");

    private static final String REFERENCE_RATE = "0.002";
    private static final int MOST = 200;
    private static final int LONGEST = 300;

    /** Copies the values. */
    public Settings {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    /** How far a setting tells runs apart. */
    enum Weight {
        /** Always. */
        DECISIVE,
        /** Between runs on the same data with as many shots. */
        BY_DATASET,
        /** Where the same run stands there twice. */
        OTHER
    }

    static Weight weight(String setting) {
        if (DECISIVE.contains(setting)) {
            return Weight.DECISIVE;
        }
        return BY_DATASET.contains(setting) ? Weight.BY_DATASET : Weight.OTHER;
    }

    /** The settings in {@code config.json}. */
    static Settings of(JsonNode config, int shots) {
        SortedMap<String, String> values = new TreeMap<>();
        collect("", config.path("config").isObject() ? config.path("config") : config, values);
        String epochs = values.get("epochs");
        String views = values.get("views");
        if (views != null) {
            values.put("views", views(views, epochs));
        }
        if (String.valueOf(TrainConfig.referenceEpochs(shots)).equals(epochs)) {
            values.put("epochs", "by shots");
        }
        if (values.containsKey("words")) {
            values.remove("contextLength"); // the words' tokens decide it
        }
        return new Settings(values);
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
        if (views.equals("0")) {
            return "centre crop";
        }
        return views.equals(epochs) ? "a new crop each epoch" : views + " crops";
    }

    /** The value of a setting, or null. */
    String get(String setting) {
        return values.get(setting);
    }

    /** Whether they are those of learned context vectors. */
    boolean isContext() {
        return values.containsKey("position") && values.containsKey("classSpecific");
    }

    /** The name under which the papers' numbers of such a context are kept, or "". */
    String publishedMethod() {
        boolean reference = values.getOrDefault("rate", REFERENCE_RATE).equals(REFERENCE_RATE);
        if (!isContext() || !reference) {
            return "";
        }
        if (!values.containsKey("words") && !values.containsKey("contextLength")) {
            return "";
        }
        String specific = values.get("classSpecific").equals("true") ? "-csc" : "";
        if (values.containsKey("words")) {
            return "coop-words" + specific;
        }
        return "coop-m"
                + values.get("contextLength")
                + "-"
                + values.get("position").toLowerCase(Locale.ROOT)
                + specific;
    }

    /** A setting for people, such as "M = 4" or "class-specific". */
    static String describe(String setting, String value) {
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
