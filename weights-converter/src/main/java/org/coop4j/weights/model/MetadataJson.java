package org.coop4j.weights.model;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.stream.Collectors;
import org.coop4j.weights.WeightsException;

/** Records to and from the JSON texts in a converted file's metadata; fields in snake case. */
final class MetadataJson {
    /** Unknown fields are passed over: a later version may add some. */
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
                    .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                    .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
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
     * Reads what {@link #write} wrote.
     *
     * @param what named in messages
     */
    static <T> T read(String what, String json, Class<T> type) throws WeightsException {
        return read(what, json, type, Map.of());
    }

    /**
     * The same with values of fields that may be left out.
     *
     * @param defaults by the fields' names
     */
    static <T> T read(String what, String json, Class<T> type, Map<String, String> defaults)
            throws WeightsException {
        try {
            JsonNode tree = JSON.readTree(json);
            if (tree instanceof ObjectNode object) {
                defaults.forEach(
                        (field, value) -> object.putIfAbsent(field, TextNode.valueOf(value)));
            }
            T value = JSON.treeToValue(tree, type);
            if (value == null) {
                throw new WeightsException(what + ": expected a JSON object, got null");
            }
            return value;
        } catch (JsonMappingException e) {
            throw new WeightsException(what + ": " + problem(e), e);
        } catch (JsonProcessingException e) {
            throw new WeightsException(what + ": not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** What is wrong in the words of the records where they say it, without Java's class names. */
    private static String problem(JsonMappingException e) {
        if (e instanceof ValueInstantiationException
                && e.getCause() instanceof IllegalArgumentException refused) {
            return refused.getMessage();
        }
        if (e instanceof InvalidTypeIdException type) {
            return "expected a known type, got " + type.getTypeId();
        }
        String field =
                e.getPath().stream()
                        .map(
                                at ->
                                        at.getFieldName() == null
                                                ? "" + at.getIndex()
                                                : at.getFieldName())
                        .collect(Collectors.joining("."));
        if (e instanceof MismatchedInputException mismatch && !field.isEmpty()) {
            return "%s: expected %s".formatted(field, expected(mismatch.getTargetType()));
        }
        return e.getOriginalMessage();
    }

    private static String expected(Class<?> type) {
        return type == int.class || type == Integer.class
                ? "a whole number"
                : type == Double.class ? "a number" : "a value of another type";
    }
}
