package org.coop4j.weights.clip;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.coop4j.weights.WeightsException;

/** Parses the JSON texts in a converted file's metadata. */
final class MetadataJson {
    private static final JsonMapper JSON = new JsonMapper();

    private MetadataJson() {}

    static JsonNode parse(String text) throws WeightsException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new WeightsException(
                    "not valid JSON in the metadata: " + e.getOriginalMessage(), e);
        }
    }
}
