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
import org.coop4j.weights.WeightsException;

/** Reads the small JSON files that lie beside weights. */
public final class JsonFile {
    private static final long MAX_BYTES = 32L << 20;

    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private JsonFile() {}

    /**
     * The object in a file.
     *
     * @throws WeightsException when there is no such file, it is too large, or it holds no JSON
     *     object
     */
    public static ObjectNode read(Path file) throws IOException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw WeightsException.in(file, "too large for a JSON file of settings");
            }
            JsonNode node = JSON.readTree(Files.readAllBytes(file));
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw WeightsException.in(file, "holds no JSON object");
        } catch (JsonProcessingException e) {
            throw new WeightsException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (NoSuchFileException e) {
            throw new WeightsException("no such file: " + file, e);
        }
    }
}
