package org.coop4j.base;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * JSON files that hold the checksum of their other contents, because a flipped bit may leave a valid file with another
 * meaning. A file without a checksum, written by hand, is read as it is.
 */
public final class CheckedJson {

    private static final String CHECKSUM = "sha256";

    /** The size of a file limits its strings. */
    private static final StreamReadConstraints ANY_STRING =
            StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build();

    private static final ObjectMapper JSON = JsonMapper.builder(
                    JsonFactory.builder().streamReadConstraints(ANY_STRING).build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES) // a missing number is not 0
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private CheckedJson() {}

    /** Writes a value that is a JSON object, atomically. */
    public static void write(Path file, Object value) throws IOException {
        write(file, value, new DefaultPrettyPrinter());
    }

    /** Writes a value with one line per element of its lists. */
    public static void writeLists(Path file, Object value) throws IOException {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(DefaultPrettyPrinter.FixedSpaceIndenter.instance);
        printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE);
        write(file, value, printer);
    }

    private static void write(Path file, Object value, DefaultPrettyPrinter printer) throws IOException {
        ObjectNode tree = JSON.valueToTree(value);
        tree.put(CHECKSUM, Sha256.of(tree.toString()));
        AtomicFile.write(file, JSON.writer(printer).writeValueAsBytes(tree));
    }

    /**
     * Reads a file that {@link #write} wrote.
     *
     * @param name name of the file in messages
     * @param largest limit of its size in bytes
     * @throws IOException if it is something else
     */
    public static <T> T read(Path file, String name, Class<T> type, long largest) throws IOException {
        try {
            return JSON.treeToValue(tree(file, name, largest), type);
        } catch (JsonMappingException e) {
            String field = e.getPath().stream()
                    .map(JsonMappingException.Reference::getFieldName)
                    .filter(Objects::nonNull)
                    .collect(Collectors.joining("."));
            boolean refused = e.getCause() instanceof IllegalArgumentException;
            throw damaged(name, refused ? e.getCause().getMessage() : field + ": " + e.getOriginalMessage(), e);
        } catch (JsonProcessingException e) {
            throw damaged(name, e.getOriginalMessage(), e);
        }
    }

    /**
     * Reads the contents of a file without their checksum.
     *
     * @param name name of the file in messages
     * @param largest limit of its size in bytes
     * @throws IOException if it is not a JSON object, or not the one that was written
     */
    public static ObjectNode tree(Path file, String name, long largest) throws IOException {
        try {
            JsonNode node = JSON.readTree(OpenFile.read(file, largest));
            if (!(node instanceof ObjectNode tree)) {
                throw damaged(name, "expected a JSON object", null);
            }
            JsonNode checksum = tree.remove(CHECKSUM);
            if (checksum != null && !checksum.asText().equals(Sha256.of(tree.toString()))) {
                throw damaged(name, "its contents do not match their checksum", null);
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw damaged(name, e.getOriginalMessage(), e);
        }
    }

    /** Returns the error of a file whose contents are not what was written. */
    public static IOException damaged(String name, String problem, Exception cause) {
        return new IOException(name + " is damaged: " + String.valueOf(problem).replaceAll("\\s+", " "), cause);
    }
}
