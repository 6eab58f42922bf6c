package org.coop4j.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Sha256;

/**
 * The JSON files of a run. Each holds the checksum of its other contents: a byte that changes may
 * make a valid file of another meaning. A file that has none, written by hand, is taken as it is.
 */
public final class CheckedJson {

    private static final String CHECKSUM = "sha256";

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private CheckedJson() {}

    /** Writes a value that is a JSON object, whole or not at all. */
    static void write(Path file, Object value) throws IOException {
        write(file, value, new DefaultPrettyPrinter());
    }

    /** Writes a value whose lists have an element a line. */
    static void writeLists(Path file, Object value) throws IOException {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(DefaultPrettyPrinter.FixedSpaceIndenter.instance);
        printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE);
        write(file, value, printer);
    }

    private static void write(Path file, Object value, DefaultPrettyPrinter printer) throws IOException {
        ObjectNode tree = JSON.valueToTree(value);
        tree.put(CHECKSUM, checksum(tree));
        try (AtomicFile target = AtomicFile.create(file)) {
            byte[] bytes = JSON.writer(printer).writeValueAsBytes(tree);
            target.write(ByteBuffer.wrap(bytes), 0);
            target.commit();
        }
    }

    private static String checksum(ObjectNode tree) {
        return Sha256.of(tree.toString());
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @param largest bytes that it may have
     * @throws IOException if it is something else, naming the file
     */
    static <T> T read(Path file, Class<T> type, long largest) throws IOException {
        try {
            return JSON.treeToValue(tree(file, file.toString(), largest), type);
        } catch (JsonProcessingException e) {
            throw damaged(file.toString(), e);
        }
    }

    /**
     * The contents of a file without their checksum.
     *
     * @param name what messages call the file
     * @param largest bytes that it may have
     * @throws IOException if it is no JSON object, or not the one that was written
     */
    public static ObjectNode tree(Path file, String name, long largest) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > largest) {
            throw new IOException(
                    String.format(Locale.ROOT, "%s is damaged: expected a file of %,d bytes or fewer", name, largest));
        }
        try {
            JsonNode node = JSON.readTree(Files.readAllBytes(file));
            if (!(node instanceof ObjectNode tree)) {
                throw new IOException(name + " is damaged: it holds no JSON object");
            }
            JsonNode checksum = tree.remove(CHECKSUM);
            if (checksum != null && !checksum.asText().equals(checksum(tree))) {
                throw new IOException(name + " is damaged: its contents do not have the checksum it records");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw damaged(name, e);
        }
    }

    private static IOException damaged(String name, JsonProcessingException e) {
        String what = String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " ");
        return new IOException(name + " is damaged: " + what, e);
    }
}
