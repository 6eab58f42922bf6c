package org.coop4j.base;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A JSON object whose values are maps, lists, strings, numbers, booleans and nulls. For small files read at every
 * start: Jackson's object mapper takes longer to start than an image to encode.
 *
 * <p>Accessors refuse a value of another kind with an {@link IllegalArgumentException} that names the field.
 *
 * @param path prefix of field names in messages: the enclosing field and a full stop, or nothing
 * @param fields values by name, in the file's order
 * @param asked names of the fields that were asked for, there or not
 */
public record JsonTree(String path, Map<?, ?> fields, Set<String> asked) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final int MAX_BYTES = 32 << 20;
    private static final String WHOLE = "a whole number";

    /** Makes an object; no field has been read yet. */
    public JsonTree(String path, Map<?, ?> fields) {
        this(path, fields, new HashSet<>());
    }

    /**
     * Reads a file that contains one object.
     *
     * @throws InputException if it does not, is too large for settings, or the reader refuses it
     */
    public static <T> T read(Path file, IoFunction<JsonTree, T> reader) throws IOException {
        return read(file.toString(), TextFile.read(file, MAX_BYTES), reader);
    }

    /**
     * Reads a string that contains one object.
     *
     * @param source the beginning of messages
     * @throws InputException if it does not, or the reader refuses it
     */
    public static <T> T read(String source, String json, IoFunction<JsonTree, T> reader) throws IOException {
        try {
            return reader.apply(new JsonTree("", readObject("JSON", json)));
        } catch (JsonProcessingException e) {
            throw new InputException(source + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
    }

    private Object get(String name) {
        asked.add(name);
        return fields.get(name);
    }

    /** Returns the names of the fields that were not asked for. */
    public Set<String> unread() {
        Set<String> names = new TreeSet<>();
        fields.keySet().forEach(name -> names.add((String) name));
        names.removeAll(asked);
        return names;
    }

    /** Returns true if the field is there and not null. */
    public boolean has(String name) {
        return get(name) != null;
    }

    /** Returns the object in a field. */
    public JsonTree object(String name) {
        return new JsonTree(path + name + ".", field(name, Map.class, "an object"));
    }

    /** Returns the object in a field, or an empty one if the field is missing or of another kind. */
    public JsonTree objectOrNone(String name) {
        return new JsonTree(path + name + ".", get(name) instanceof Map<?, ?> object ? object : Map.of());
    }

    /** Returns a whole number. */
    public int whole(String name) {
        return field(name, Integer.class, WHOLE);
    }

    /** Returns a whole number, or {@code missing} if the field is missing. */
    public int whole(String name, int missing) {
        return has(name) ? whole(name) : missing;
    }

    /** Returns a number, or {@code missing} if the field is missing. */
    public double number(String name, double missing) {
        return has(name) ? field(name, Number.class, "a number").doubleValue() : missing;
    }

    /** Returns a list of strings. */
    public List<String> texts(String name) {
        return list(name, String.class, "a string");
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

    /** Returns a list of numbers, or {@code missing} if the field is missing. */
    public List<Double> numbers(String name, List<Double> missing) {
        return has(name) ? numbers(name) : missing;
    }

    /** Returns a string. */
    public String text(String name) {
        return field(name, String.class, "a string");
    }

    /** Returns a string if the field contains one. */
    public Optional<String> anyText(String name) {
        return get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /** Returns a string that must be one of those allowed, or the first of them if the field is missing. */
    public String choice(String name, String... allowed) {
        String value = has(name) ? text(name) : allowed[0];
        if (!List.of(allowed).contains(value)) {
            throw wrong(name, String.join(" or ", allowed), value);
        }
        return value;
    }

    /** Returns the constant of an enum that a string names in lower case, or the first one if the field is missing. */
    public <E extends Enum<E>> E choice(String name, Class<E> type) {
        List<String> names = Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList();
        return type.getEnumConstants()[names.indexOf(choice(name, names.toArray(new String[0])))];
    }

    /** Refuses a number other than the one allowed; the field may be missing. */
    public void expect(String name, double allowed) {
        if (number(name, allowed) != allowed) {
            throw wrong(name, Numbers.plain(allowed), get(name));
        }
    }

    /** Returns a boolean, or {@code missing} if the field is missing. */
    public boolean flag(String name, boolean missing) {
        return has(name) ? field(name, Boolean.class, "true or false") : missing;
    }

    private <T> List<T> list(String name, Class<T> type, String expected) {
        List<T> values = new ArrayList<>();
        for (Object element : field(name, List.class, "a list")) {
            values.add(require(name + "." + values.size(), element, type, expected));
        }
        return values;
    }

    private <T> T field(String name, Class<T> type, String expected) {
        return require(name, get(name), type, expected);
    }

    private <T> T require(String name, Object value, Class<T> type, String expected) {
        if (!type.isInstance(value)) {
            throw wrong(name, expected, value);
        }
        return type.cast(value);
    }

    private IllegalArgumentException wrong(String name, String expected, Object value) {
        Object shown = value instanceof String text ? '"' + text + '"' : value == null ? "nothing" : value;
        return new IllegalArgumentException("%s%s: expected %s, got %s".formatted(path, name, expected, shown));
    }

    /**
     * Reads exactly one value.
     *
     * @return whole numbers as the smallest of {@code Integer}, {@code Long} and {@code BigInteger}, others as {@code
     *     Double}
     * @throws JsonProcessingException if it is not valid JSON
     */
    public static Object read(String json) throws JsonProcessingException {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == null) {
                throw new JsonParseException(parser, "there is no value");
            }
            Object value = value(parser, Integer.MAX_VALUE);
            if (parser.nextToken() != null) {
                throw new JsonParseException(parser, "it continues after its value");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException("a string can be read", e);
        }
    }

    /**
     * Reads an object.
     *
     * @param what names the object in messages
     * @throws IllegalArgumentException if it is another value
     * @throws JsonProcessingException if it is not valid JSON
     */
    public static Map<String, Object> readObject(String what, String json) throws JsonProcessingException {
        if (!(read(json) instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException(what + ": expected a JSON object, got " + json);
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        map.forEach((name, value) -> fields.put((String) name, value));
        return fields;
    }

    /**
     * Reads the value at which a parser stands.
     *
     * @param most number of values in it, with itself
     * @throws JsonProcessingException if it has more, or is not valid JSON
     */
    public static Object value(JsonParser parser, int most) throws IOException {
        return value(parser, new int[] {most});
    }

    private static Object value(JsonParser parser, int[] left) throws IOException {
        if (left[0]-- == 0) {
            throw new JsonParseException(parser, "there are too many values");
        }
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> fields = new LinkedHashMap<>();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    fields.put(name, value(parser, left));
                }
                yield fields;
            }
            case START_ARRAY -> {
                List<Object> elements = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    elements.add(value(parser, left));
                }
                yield elements;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }
}
