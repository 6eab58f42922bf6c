package org.coop4j.weights.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * The JSON header of a safetensors file, parsed and checked against the bytes that follow it.
 *
 * @param tensors in the order of the header
 * @param metadata the {@code __metadata__} strings, empty if there are none
 */
record Header(Map<String, Placed> tensors, Map<String, String> metadata) {
    /** Limit of the reference implementation. */
    static final long MAX_BYTES = 100_000_000;

    static final String METADATA = "__metadata__";

    /** More tensors than any published model has; each costs memory. */
    private static final int MAX_TENSORS = 500_000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxStringLength((int) MAX_BYTES)
                    .maxNumberLength(32)
                    .build())
            .build();

    /** A tensor and the offset of its elements from the end of the header. */
    record Placed(TensorSpec spec, long begin) {
        long end() {
            return begin + spec.bytes();
        }
    }

    /**
     * Parses a header.
     *
     * @param dataLength size of the file after the header, which the tensors must fill exactly
     * @throws IllegalArgumentException if the header breaks the format
     */
    static Header parse(byte[] json, long dataLength) throws IOException {
        Require.that(json.length > 0 && json[0] == '{', "the header does not start with {");
        Header header = new Header(new LinkedHashMap<>(), new LinkedHashMap<>());
        try (JsonParser parser = JSON.createParser(
                new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder()))) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals(METADATA)) {
                    header.readMetadata(parser);
                } else {
                    Require.that(header.tensors.size() < MAX_TENSORS, "more than %d tensors", MAX_TENSORS);
                    header.tensors.put(name, readTensor(parser, name));
                }
            }
            Require.that(parser.nextToken() == null, "the header continues after its JSON object");
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("the header is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the header is not valid JSON (" + e.getOriginalMessage() + ")", e);
        }
        header.checkPlaces(dataLength);
        return header;
    }

    private void readMetadata(JsonParser parser) throws IOException {
        expect(parser, JsonToken.START_OBJECT, METADATA);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            expect(parser, JsonToken.VALUE_STRING, METADATA + " " + key);
            metadata.put(key, parser.getText());
        }
    }

    private static Placed readTensor(JsonParser parser, String name) throws IOException {
        expect(parser, JsonToken.START_OBJECT, name);
        DType dtype = null;
        List<Long> dims = null;
        List<Long> offsets = List.of();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "dtype" -> dtype = readDtype(parser, name);
                case "shape" -> dims = readLongs(parser, name);
                case "data_offsets" -> offsets = readLongs(parser, name);
                default -> throw new IllegalArgumentException("tensor " + name + " has a field " + field);
            }
        }
        Require.that(
                dtype != null && dims != null && offsets.size() == 2,
                "tensor %s needs dtype, shape and two data_offsets",
                name);
        long bytes;
        TensorSpec spec;
        try {
            spec = new TensorSpec(name, dtype, new Shape(dims));
            bytes = spec.bytes();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("tensor " + name + ": " + e.getMessage(), e);
        }
        long begin = offsets.get(0);
        long end = offsets.get(1);
        Require.that(
                begin >= 0 && end >= begin && end - begin == bytes,
                "tensor %s %s of %s needs %d bytes but its data_offsets are %s",
                name,
                dims,
                dtype,
                bytes,
                offsets);
        return new Placed(spec, begin);
    }

    private static DType readDtype(JsonParser parser, String name) throws IOException {
        expect(parser, JsonToken.VALUE_STRING, name);
        String dtype = parser.getText();
        return DType.named(dtype)
                .orElseThrow(() -> new IllegalArgumentException("tensor " + name + " has the unknown dtype " + dtype));
    }

    private static List<Long> readLongs(JsonParser parser, String name) throws IOException {
        expect(parser, JsonToken.START_ARRAY, name);
        List<Long> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser, JsonToken.VALUE_NUMBER_INT, name);
            Require.that(values.size() <= Shape.MAX_RANK, "tensor %s has too many dimensions", name);
            values.add(parser.getLongValue());
        }
        return values;
    }

    private static void expect(JsonParser parser, JsonToken token, String where) {
        JsonToken found = parser.currentToken();
        Require.that(found == token, "%s in the header: expected %s, got %s", where, token, found);
    }

    private void checkPlaces(long dataLength) {
        List<Placed> inOrder = new ArrayList<>(tensors.values());
        inOrder.sort(Comparator.comparingLong(Placed::begin).thenComparingLong(Placed::end));
        long at = 0;
        for (Placed tensor : inOrder) {
            if (tensor.begin != at) {
                String what = tensor.begin < at ? "overlaps the one before" : "leaves a gap";
                throw new IllegalArgumentException("tensor %s at [%d, %d] %s, which ends at %d"
                        .formatted(tensor.spec.name(), tensor.begin, tensor.end(), what, at));
            }
            at = tensor.end();
        }
        Require.that(
                at == dataLength,
                "the tensors take %d bytes but %d follow the header: the file is %s",
                at,
                dataLength,
                at > dataLength ? "truncated" : "too long");
    }
}
