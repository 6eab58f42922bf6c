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
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;

/**
 * The JSON header of a safetensors file, parsed and checked against the bytes that follow it.
 *
 * @param tensors in the order of the header
 * @param metadata the {@code __metadata__} strings, empty when there are none
 */
record Header(Map<String, Placed> tensors, Map<String, String> metadata) {
    /** What the reference implementation allows. */
    static final long MAX_BYTES = 100_000_000;

    /** More tensors than any published model has; each costs memory. */
    private static final int MAX_TENSORS = 500_000;

    static final String METADATA = "__metadata__";

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxStringLength((int) MAX_BYTES)
                    .maxNumberLength(32)
                    .build())
            .build();

    /** A tensor and where its elements lie, counted from the end of the header. */
    record Placed(TensorSpec spec, long begin, long end) {}

    /** What is wrong with a header; the file's name is added by the caller. */
    static final class BadHeader extends IOException {
        private static final long serialVersionUID = 1L;

        BadHeader(String message) {
            super(message);
        }
    }

    /**
     * Parses a header.
     *
     * @param dataLength bytes of the file after the header, which the tensors must fill exactly
     */
    static Header parse(byte[] json, long dataLength) throws IOException {
        if (json.length == 0 || json[0] != '{') {
            throw new BadHeader("the header does not start with {");
        }
        Map<String, Placed> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(reader(json))) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals(METADATA)) {
                    readMetadata(parser, metadata);
                } else if (tensors.size() == MAX_TENSORS) {
                    throw new BadHeader("more than " + MAX_TENSORS + " tensors");
                } else {
                    tensors.put(name, readTensor(parser, name));
                }
            }
            if (parser.nextToken() != null) {
                throw new BadHeader("the header goes on after its JSON object");
            }
        } catch (CharacterCodingException e) {
            throw new BadHeader("the header is not UTF-8");
        } catch (JsonProcessingException e) {
            throw new BadHeader("the header is not valid JSON (" + e.getOriginalMessage() + ")");
        }
        checkPlaces(tensors, dataLength);
        return new Header(Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
    }

    private static Reader reader(byte[] json) {
        return new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
    }

    private static void readMetadata(JsonParser parser, Map<String, String> metadata) throws IOException {
        expect(parser, JsonToken.START_OBJECT, METADATA);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            expect(parser, JsonToken.VALUE_STRING, METADATA + " " + key);
            metadata.put(key, parser.getText());
        }
        expect(parser, JsonToken.END_OBJECT, METADATA);
    }

    private static Placed readTensor(JsonParser parser, String name) throws IOException {
        expect(parser, JsonToken.START_OBJECT, name);
        DType dtype = null;
        List<Long> dims = null;
        List<Long> offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "dtype" -> dtype = readDtype(parser, name);
                case "shape" -> dims = readLongs(parser, name);
                case "data_offsets" -> offsets = readLongs(parser, name);
                default -> throw new BadHeader("tensor " + name + " has a field " + field);
            }
        }
        expect(parser, JsonToken.END_OBJECT, name);
        if (dtype == null || dims == null || offsets == null || offsets.size() != 2) {
            throw new BadHeader("tensor " + name + " needs dtype, shape and two data_offsets");
        }
        return place(name, dtype, dims, offsets.get(0), offsets.get(1));
    }

    private static Placed place(String name, DType dtype, List<Long> dims, long begin, long end) throws BadHeader {
        TensorSpec spec;
        long bytes;
        try {
            spec = new TensorSpec(name, dtype, new Shape(dims));
            bytes = spec.bytes();
        } catch (IllegalArgumentException e) {
            throw new BadHeader("tensor " + name + ": " + e.getMessage());
        }
        if (begin < 0 || end < begin || end - begin != bytes) {
            throw new BadHeader("tensor %s %s of %s needs %d bytes but its data_offsets are [%d, %d]"
                    .formatted(name, spec.shape(), dtype, bytes, begin, end));
        }
        return new Placed(spec, begin, end);
    }

    private static DType readDtype(JsonParser parser, String name) throws IOException {
        expect(parser, JsonToken.VALUE_STRING, name);
        Optional<DType> dtype = DType.named(parser.getText());
        if (dtype.isEmpty()) {
            throw new BadHeader("tensor " + name + " has the unknown dtype " + parser.getText());
        }
        return dtype.get();
    }

    private static List<Long> readLongs(JsonParser parser, String name) throws IOException {
        expect(parser, JsonToken.START_ARRAY, name);
        List<Long> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser, JsonToken.VALUE_NUMBER_INT, name);
            if (values.size() > 64) {
                throw new BadHeader("tensor " + name + " has too many dimensions");
            }
            values.add(parser.getLongValue());
        }
        return values;
    }

    private static void expect(JsonParser parser, JsonToken token, String where) throws IOException {
        if (parser.currentToken() != token) {
            throw new BadHeader(
                    "%s in the header: found %s instead of %s".formatted(where, parser.currentToken(), token));
        }
    }

    private static void checkPlaces(Map<String, Placed> tensors, long dataLength) throws BadHeader {
        List<Placed> inOrder = new ArrayList<>(tensors.values());
        inOrder.sort(Comparator.comparingLong(Placed::begin).thenComparingLong(Placed::end));
        long at = 0;
        for (Placed tensor : inOrder) {
            if (tensor.begin() != at) {
                String what = tensor.begin() < at ? "overlaps the one before" : "leaves a hole";
                throw new BadHeader("tensor %s at [%d, %d] %s, which ends at %d"
                        .formatted(tensor.spec().name(), tensor.begin(), tensor.end(), what, at));
            }
            at = tensor.end();
        }
        if (at != dataLength) {
            throw new BadHeader("the tensors take %d bytes but %d follow the header: the file is %s"
                    .formatted(at, dataLength, at > dataLength ? "truncated" : "too long"));
        }
    }
}
