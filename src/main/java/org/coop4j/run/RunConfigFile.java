package org.coop4j.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;

/**
 * A {@link RunConfig} as {@code config.json}: all resolved values. Settings that a file does not
 * have are the defaults; settings that this version does not know are an error, since they decided
 * the result.
 */
public final class RunConfigFile {

    private static final int FORMAT = 2;

    /** Nothing sane takes this much. */
    private static final long LARGEST = 1L << 20;

    private static final ObjectMapper JSON =
            JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private RunConfigFile() {}

    /** The tree that {@code config.json} holds. */
    public static ObjectNode tree(RunConfig config) {
        ObjectNode tree = JSON.createObjectNode();
        tree.put("format", FORMAT);
        tree.put("modelSha256", config.modelSha256());
        tree.put("method", config.method().id());
        tree.set("settings", JSON.valueToTree(Settings.of((Record) config.method())));
        if (config.training().trains()) {
            tree.set("training", JSON.valueToTree(Settings.of(config.training())));
        }
        tree.set("sample", JSON.valueToTree(config.sample()));
        if (config.learnedFrom() != null) {
            tree.set("learnedFrom", JSON.valueToTree(config.learnedFrom()));
        }
        tree.set("testedOn", JSON.valueToTree(config.testedOn()));
        tree.put("precision", config.precision().id());
        tree.put("checkpointEvery", config.checkpointEvery());
        return tree;
    }

    /**
     * Reads a configuration.
     *
     * @throws IOException if it cannot be read or is damaged, naming the file
     */
    public static RunConfig read(Path file) throws IOException {
        return read(file, file.toString());
    }

    /** The same, where messages call the file something else. */
    public static RunConfig read(Path file, String name) throws IOException {
        ObjectNode tree = CheckedJson.tree(file, name, LARGEST);
        try {
            return config(tree);
        } catch (JsonProcessingException e) {
            throw new IOException(name + " is damaged: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IOException(name + " is damaged: " + e.getMessage(), e);
        }
    }

    private static RunConfig config(JsonNode tree) throws JsonProcessingException {
        if (tree.path("format").asInt() != FORMAT) {
            throw new IllegalArgumentException(
                    "format: expected %d, got %s".formatted(FORMAT, tree.path("format")));
        }
        Method method = Method.of(tree.path("method").asText()).with(map(tree.path("settings")));
        Training training = Settings.with(Training.none(), map(tree.path("training")));
        return new RunConfig(
                required(tree, "modelSha256"),
                method.learns() ? data(tree, "learnedFrom") : null,
                data(tree, "testedOn"),
                method,
                training,
                Settings.with(Sample.NONE, map(tree.path("sample"))),
                Precision.of(tree.path("precision").asText(Precision.FLOAT32.id())),
                tree.path("checkpointEvery").asInt(RunConfig.CHECKPOINT_EVERY));
    }

    private static RunData data(JsonNode tree, String key) throws JsonProcessingException {
        if (!tree.path(key).isObject()) {
            throw new IllegalArgumentException("no " + key);
        }
        return JSON.treeToValue(tree.get(key), RunData.class);
    }

    private static Map<String, Object> map(JsonNode node) {
        return node.isObject()
                ? JSON.convertValue(node, new TypeReference<LinkedHashMap<String, Object>>() {})
                : Map.of();
    }

    static String required(JsonNode tree, String key) {
        if (!tree.path(key).isTextual()) {
            throw new IllegalArgumentException("no " + key);
        }
        return tree.path(key).asText();
    }
}
