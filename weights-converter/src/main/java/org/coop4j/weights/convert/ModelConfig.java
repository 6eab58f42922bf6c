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
 * The contents of a configuration file that comes with the weights.
 *
 * @param file its name, for messages
 * @param architecture the dimensions
 * @param activation the activation, empty if the file contradicts itself
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
     * Compares the dimensions with those of the tensors.
     *
     * @throws InputException naming all that differ
     */
    void check(ClipConfig ofTensors) throws InputException {
        Map<String, String> actual = dimensions("", ofTensors.toTree());
        List<String> differences = new ArrayList<>();
        dimensions("", architecture.toTree()).forEach((name, value) -> {
            String found = actual.getOrDefault(name, "missing");
            if (!value.equals(found)) {
                differences.add("%s is %s in the configuration, %s in the tensors".formatted(name, value, found));
            }
        });
        if (!differences.isEmpty()) {
            throw new InputException(file + " does not fit the weights: " + String.join("; ", differences));
        }
    }

    /** Returns every dimension by its name, such as "vision patch_size". */
    private static Map<String, String> dimensions(String prefix, JsonNode tree) {
        Map<String, String> all = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : tree.properties()) {
            String name = prefix + field.getKey();
            if (field.getValue().isObject()) {
                all.putAll(dimensions(name + " ", field.getValue()));
            } else {
                all.put(name, field.getValue().toString());
            }
        }
        return all;
    }
}
