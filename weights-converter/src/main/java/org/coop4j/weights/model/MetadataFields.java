package org.coop4j.weights.model;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.weights.JsonTree;
import org.coop4j.base.InputException;

/**
 * Fields of a JSON object in a converted file's metadata. Those that nobody asks for are passed
 * over: a later version may add some.
 *
 * @param path names the object in messages: the field that it is in and a point, or nothing
 */
record MetadataFields(String path, Map<?, ?> fields) {

    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .build();

    /**
     * Reads what {@link #write} wrote.
     *
     * @param what named in messages
     * @param make makes it from its fields; what it refuses as an illegal argument is the message
     */
    static <T> T read(String what, String json, Function<MetadataFields, T> make)
            throws InputException {
        try {
            Map<String, Object> fields = JsonTree.readObject("the value", json);
            return make.apply(new MetadataFields("", fields));
        } catch (JsonProcessingException e) {
            throw new InputException(what + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new InputException(what + ": " + e.getMessage(), e);
        }
    }

    MetadataFields object(String name) {
        return new MetadataFields(
                path + name + ".", value(name, fields.get(name), Map.class, "an object"));
    }

    int whole(String name) {
        return value(name, fields.get(name), Integer.class, "a whole number");
    }

    List<Integer> wholes(String name) {
        return list(name, Integer.class, "a whole number");
    }

    List<Double> numbers(String name) {
        return list(name, Number.class, "a number").stream().map(Number::doubleValue).toList();
    }

    String text(String name) {
        return value(name, fields.get(name), String.class, "a text");
    }

    /** The same with a value where there is no such field. */
    String text(String name, String otherwise) {
        return fields.containsKey(name) ? text(name) : otherwise;
    }

    /** A text, if there is one. */
    Optional<String> anyText(String name) {
        return fields.get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    private <T> List<T> list(String name, Class<T> type, String expected) {
        List<?> elements = value(name, fields.get(name), List.class, "a list");
        List<T> values = new ArrayList<>();
        for (Object element : elements) {
            values.add(value(name + "." + values.size(), element, type, expected));
        }
        return values;
    }

    private <T> T value(String name, Object value, Class<T> type, String expected) {
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(
                    "%s%s: expected %s, got %s".formatted(path, name, expected, value));
        }
        return type.cast(value);
    }

    /** JSON of a record, its fields in snake case, which {@link #read} reads. */
    static String write(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records of numbers and texts can be written", e);
        }
    }

    /** The same as a tree. */
    static ObjectNode tree(Object value) {
        return JSON.valueToTree(value);
    }
}
