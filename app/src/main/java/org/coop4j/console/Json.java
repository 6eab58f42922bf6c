package org.coop4j.console;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import org.coop4j.base.SafeText;

/** Builds and prints JSON. */
public final class Json {

    private Json() {}

    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** A record as JSON. */
    public static JsonNode of(Record value) {
        return new JsonMapper().valueToTree(value);
    }

    /** Parses JSON that this program made. */
    public static JsonNode parse(String text) {
        try {
            return new JsonMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("own JSON cannot be wrong: " + text, e);
        }
    }

    /** Writes JSON in which what could steer a terminal is an escape sequence. */
    static JsonMapper mapper() {
        JsonMapper mapper = new JsonMapper();
        mapper.getFactory().setCharacterEscapes(new TerminalEscapes());
        return mapper.rebuild().disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET).build();
    }

    private static final class TerminalEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        @Override
        public int[] getEscapeCodesForAscii() {
            int[] codes = standardAsciiEscapesForJSON();
            codes[0x7f] = ESCAPE_STANDARD;
            return codes;
        }

        @Override
        public SerializableString getEscapeSequence(int c) {
            boolean half = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
            return SafeText.isHarmful(c) && !half ? new SerializedString("\\u%04x".formatted(c)) : null;
        }
    }

    /** Prints a document, indented. */
    public static void print(JsonNode document, PrintStream out) {
        try {
            out.print(mapper().writerWithDefaultPrettyPrinter().writeValueAsString(document) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
    }
}
