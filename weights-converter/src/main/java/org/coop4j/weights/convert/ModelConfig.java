package org.coop4j.weights.convert;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * What a configuration file beside the weights says.
 *
 * @param file its name, for messages
 * @param architecture the dimensions
 * @param activation the activation, empty when the file contradicts itself
 * @param preprocessing of images
 */
record ModelConfig(
        String file, ClipConfig architecture, Optional<MlpActivation> activation, PreprocessConfig preprocessing) {

    /** Reads a configuration from the fields of a JSON file. */
    @FunctionalInterface
    interface Reader<T> {
        T read(JsonTree json) throws IOException;
    }

    /**
     * Reads a configuration file.
     *
     * @throws InputException for what the reader refuses, with the file's name
     */
    static <T> T read(Path file, Reader<T> reader) throws IOException {
        JsonTree json = JsonTree.read(file);
        try {
            return reader.read(json);
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Compares the dimensions with those that the tensors have.
     *
     * @throws InputException when some differ, naming all that do
     */
    void check(ClipConfig ofTensors) throws InputException {
        Map<String, String> actual = dimensions(ofTensors);
        List<String> differences = new ArrayList<>();
        dimensions(architecture).forEach((name, said) -> {
            String is = actual.getOrDefault(name, "not there");
            if (!said.equals(is)) {
                differences.add("%s is %s in the configuration, %s in the tensors".formatted(name, said, is));
            }
        });
        if (!differences.isEmpty()) {
            throw new InputException(file + " does not fit the weights: " + String.join("; ", differences));
        }
    }

    /** Every dimension by its name, such as "vision patch_size". */
    private static Map<String, String> dimensions(ClipConfig config) {
        Map<String, String> all = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> part : config.toTree().properties()) {
            if (!part.getValue().isObject()) {
                all.put(part.getKey(), part.getValue().asText());
            }
            for (Map.Entry<String, JsonNode> field : part.getValue().properties()) {
                JsonNode value = field.getValue();
                all.put(part.getKey() + " " + field.getKey(), value.isValueNode() ? value.asText() : value.toString());
            }
        }
        return all;
    }
}
