package org.coop4j.weights.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Function;
import org.coop4j.base.InputException;
import org.coop4j.weights.JsonTree;

/** Records as the JSON texts in a converted file's metadata; fields in snake case. */
final class MetadataJson {

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    private MetadataJson() {}

    static String write(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records of numbers and texts can be written", e);
        }
    }

    static ObjectNode tree(Object value) {
        return JSON.valueToTree(value);
    }

    /**
     * Reads what {@link #write} wrote. Fields that nobody asks for are passed over: a later version may add some.
     *
     * @param what named in messages
     * @param make makes the record from its fields; what it refuses as an illegal argument is the message
     */
    static <T> T read(String what, String json, Function<JsonTree, T> make) throws InputException {
        try {
            return make.apply(new JsonTree("", JsonTree.readObject("the value", json)));
        } catch (JsonProcessingException e) {
            throw new InputException(what + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new InputException(what + ": " + e.getMessage(), e);
        }
    }
}
