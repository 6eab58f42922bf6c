package org.coop4j.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON as maps, lists, texts, numbers, booleans and nulls. For small texts that are read at every
 * start: Jackson's mapper to objects takes longer to start than a picture to encode.
 */
public final class JsonTree {

    private static final JsonFactory JSON = new JsonFactory();

    private JsonTree() {}

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
    public static Map<String, Object> readObject(String what, String json)
            throws JsonProcessingException {
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
