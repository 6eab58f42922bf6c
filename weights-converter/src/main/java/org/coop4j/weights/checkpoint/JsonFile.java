package org.coop4j.weights.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.coop4j.base.InputException;

/**
 * A small JSON file that lies beside weights, its fields read with messages that name it.
 *
 * @param file where it lies
 * @param root the object in it
 */
public record JsonFile(Path file, ObjectNode root) {
    private static final long MAX_BYTES = 32L << 20;

    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    /**
     * Reads a file.
     *
     * @throws InputException when there is no such file, it is too large, or it holds no JSON
     *     object
     */
    public static JsonFile read(Path file) throws IOException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw InputException.in(file, "too large for a JSON file of settings");
            }
            JsonNode node = JSON.readTree(Files.readAllBytes(file));
            if (node instanceof ObjectNode object) {
                return new JsonFile(file, object);
            }
            throw InputException.in(file, "holds no JSON object");
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (NoSuchFileException e) {
            throw new InputException("no such file: " + file, e);
        }
    }

    /** A whole number, or {@code missing} when the field is absent or null. */
    public int integer(JsonNode object, String field, int missing) throws InputException {
        if (!object.hasNonNull(field)) {
            return missing;
        }
        JsonNode value = object.get(field);
        if (!value.isInt()) {
            throw problem(field + ": expected a whole number, got " + value);
        }
        return value.intValue();
    }

    /** A whole number that must be there. */
    public int integer(JsonNode object, String field) throws InputException {
        if (!object.hasNonNull(field)) {
            throw problem(field + " is missing");
        }
        return integer(object, field, 0);
    }

    /** A number, or {@code missing} when the field is absent or null. */
    public double number(JsonNode object, String field, double missing) throws InputException {
        if (!object.hasNonNull(field)) {
            return missing;
        }
        JsonNode value = object.get(field);
        if (!value.isNumber()) {
            throw problem(field + ": expected a number, got " + value);
        }
        return value.doubleValue();
    }

    /** A failure that names the file. */
    public InputException problem(String what) {
        return InputException.in(file, what);
    }
}
