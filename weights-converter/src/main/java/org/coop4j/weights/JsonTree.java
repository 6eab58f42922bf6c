package org.coop4j.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;

/**
 * A JSON object: its values are maps, lists, texts, numbers, booleans and nulls. For small texts that are read at
 * every start: Jackson's mapper to objects takes longer to start than a picture to encode.
 *
 * <p>Accessors refuse a value of another kind with an {@link IllegalArgumentException} that names the field.
 *
 * @param path names the object in messages: the field that it is in and a point, or nothing
 * @param fields values by name, in the file's order
 */
public record JsonTree(String path, Map<?, ?> fields) {

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final long MAX_BYTES = 32L << 20;
    private static final String WHOLE = "a whole number";

    /**
     * Reads a file that holds one object.
     *
     * @throws InputException if there is none, or the file is too large for settings
     */
    public static JsonTree read(Path file) throws IOException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw InputException.in(file, "too large for a JSON file of settings");
            }
            if (read(new String(Files.readAllBytes(file), StandardCharsets.UTF_8)) instanceof Map<?, ?> fields) {
                return new JsonTree("", fields);
            }
            throw InputException.in(file, "holds no JSON object");
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (NoSuchFileException e) {
            throw new InputException("no such file: " + file, e);
        }
    }

    /** Returns true if the field is there and not null. */
    public boolean has(String name) {
        return fields.get(name) != null;
    }

    /** Returns the object in a field. */
    public JsonTree object(String name) {
        return new JsonTree(path + name + ".", require(name, fields.get(name), Map.class, "an object"));
    }

    /** Returns the object in a field, or one without fields where it is missing or of another kind. */
    public JsonTree objectOrNone(String name) {
        return new JsonTree(path + name + ".", fields.get(name) instanceof Map<?, ?> object ? object : Map.of());
    }

    /** Returns a whole number. */
    public int whole(String name) {
        return require(name, fields.get(name), Integer.class, WHOLE);
    }

    /** Returns a whole number, or another where the field is missing. */
    public int whole(String name, int missing) {
        return has(name) ? whole(name) : missing;
    }

    /** Returns a number, or another where the field is missing. */
    public double number(String name, double missing) {
        return has(name)
                ? require(name, fields.get(name), Number.class, "a number").doubleValue()
                : missing;
    }

    /** Returns a list of whole numbers. */
    public List<Integer> wholes(String name) {
        return list(name, Integer.class, WHOLE);
    }

    /** Returns a list of numbers. */
    public List<Double> numbers(String name) {
        return list(name, Number.class, "a number").stream()
                .map(Number::doubleValue)
                .toList();
    }

    /** Returns a text. */
    public String text(String name) {
        return require(name, fields.get(name), String.class, "a text");
    }

    /** Returns a text, or another where the field is missing. */
    public String text(String name, String missing) {
        return has(name) ? text(name) : missing;
    }

    /** Returns true or false, or another where the field is missing. */
    public boolean flag(String name, boolean missing) {
        return has(name) ? require(name, fields.get(name), Boolean.class, "true or false") : missing;
    }

    /** Returns a text where the field holds one. */
    public Optional<String> anyText(String name) {
        return fields.get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    private <T> List<T> list(String name, Class<T> type, String expected) {
        List<?> elements = require(name, fields.get(name), List.class, "a list");
        List<T> values = new ArrayList<>();
        for (Object element : elements) {
            values.add(require(name + "." + values.size(), element, type, expected));
        }
        return values;
    }

    private <T> T require(String name, Object value, Class<T> type, String expected) {
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(
                    value == null
                            ? "%s%s is missing: expected %s".formatted(path, name, expected)
                            : "%s%s: expected %s, got %s".formatted(path, name, expected, shown(value)));
        }
        return type.cast(value);
    }

    private static Object shown(Object value) {
        return value instanceof String text ? '"' + text + '"' : value;
    }

    /**
     * Reads one value and nothing after it.
     *
     * @return whole numbers as the smallest of {@code Integer}, {@code Long} and {@code
     *     BigInteger}, others as {@code Double}
     * @throws JsonProcessingException if it is not valid JSON
     */
    public static Object read(String json) throws JsonProcessingException {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == null) {
                throw new JsonParseException(parser, "there is no value");
            }
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new JsonParseException(parser, "it goes on after its value");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException("a text can be read", e);
        }
    }

    /**
     * Reads an object.
     *
     * @param what named where it is something else
     * @throws IllegalArgumentException if it is another value
     * @throws JsonProcessingException if it is not valid JSON
     */
    public static Map<String, Object> readObject(String what, String json) throws JsonProcessingException {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (!(read(json) instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException(what + ": expected a JSON object, got " + json);
        }
        map.forEach((name, value) -> fields.put((String) name, value));
        return fields;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            fields.put(name, value(parser));
        }
        return fields;
    }

    private static List<Object> array(JsonParser parser) throws IOException {
        List<Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(value(parser));
        }
        return elements;
    }
}
