package org.coop4j.serve;

import static java.util.stream.Collectors.toSet;
import static org.coop4j.http.Refusal.require;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.http.Refusal;

/**
 * An inference request of the Open Inference Protocol, version 2.
 *
 * @param id the client's own, or null
 * @param pictures contents of image files, one or more
 * @param top maximum number of classes per picture
 * @param why true if it asks where the pictures speak for the answers
 * @param outputs names of the requested tensors
 */
record InferenceRequest(String id, List<byte[]> pictures, int top, boolean why, Set<String> outputs) {

    /** Largest numbers of values and levels, and longest text: a request holds no more than its pictures. */
    private static final StreamReadConstraints CONSTRAINTS = StreamReadConstraints.builder()
            .maxTokenCount(100_000)
            .maxNestingDepth(16)
            .maxStringLength(1 << 12)
            .build();

    /** Leaves out null values when it writes; refuses repeated names, trailing text and other types when it reads. */
    static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(CONSTRAINTS)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .defaultBase64Variant(Base64Variants.MIME_NO_LINEFEEDS.withPaddingAllowed())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    static final String INPUT = "image";
    static final String BYTES = "BYTES";
    static final String LABELS = "labels";
    static final String PROBABILITIES = "probabilities";

    /** Output that tells which labels of a set are predicted. */
    static final String PREDICTED = "predicted";

    private record Body(String id, Parameters parameters, List<Input> inputs, List<Output> outputs) {}

    private record Input(String name, String datatype, List<Integer> shape, Parameters parameters, List<byte[]> data) {}

    private record Output(String name) {}

    private record Parameters(String content_type, Integer top_k, boolean why) {}

    /**
     * Reads a request as it arrives.
     *
     * @throws Refusal if it is not such a request
     */
    static InferenceRequest of(InputStream json) throws IOException {
        Body body = read(() -> JSON.readValue(json, Body.class));
        boolean one = body != null && body.inputs != null && body.inputs.size() == 1 && body.inputs.get(0) != null;
        require(one, "inputs: expected an array of one tensor, " + INPUT);
        List<byte[]> pictures = pictures(body.inputs.get(0));
        int top = top(body.parameters == null ? null : body.parameters.top_k);
        boolean why = body.parameters != null && body.parameters.why;
        return new InferenceRequest(body.id, pictures, top, why, outputs(body.outputs));
    }

    /** Returns a request, or refuses one that is malformed. */
    static <T> T read(IoSupplier<T> reading) throws IOException {
        try {
            return reading.get();
        } catch (JsonProcessingException e) {
            throw e.getCause() instanceof Refusal refusal ? refusal : Refusal.badRequest(reason(e));
        }
    }

    /** Returns the name of what is wrong, without the parser's own words. */
    private static String reason(JsonProcessingException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        if (cause instanceof StreamConstraintsException) {
            return "the request has too many values or levels, or too long a text";
        }
        List<Reference> path = e instanceof JsonMappingException m ? m.getPath() : List.of();
        String field = path.stream()
                .map(Reference::getFieldName)
                .filter(Objects::nonNull)
                .reduce("the request", (outer, inner) -> inner);
        return cause instanceof JsonParseException && !field.equals("data")
                ? "the request is not JSON, or repeats a name"
                : shown(field) + ": expected a value as in /openapi.yaml, pictures in base64";
    }

    private static List<byte[]> pictures(Input input) {
        expect(input.name, INPUT, "the input's name");
        expect(input.datatype, BYTES, "the input's datatype");
        if (input.parameters != null && input.parameters.content_type != null) {
            expect(input.parameters.content_type, "base64", "the input's content_type");
        }
        List<byte[]> data = input.data;
        require(
                data != null && !data.isEmpty() && !data.contains(null),
                "data: expected an array of pictures in base64");
        List<Integer> shape = input.shape == null ? List.of() : input.shape;
        boolean positive = !shape.isEmpty() && shape.stream().allMatch(side -> side != null && side > 0);
        require(
                positive && shape.stream().mapToDouble(side -> side).reduce(1, (a, b) -> a * b) == data.size(),
                "shape: expected [%d], the number of pictures, got %s".formatted(data.size(), shown(shape.toString())));
        return data;
    }

    private static void expect(String value, String expected, String name) {
        require(
                expected.equals(value),
                "%s: expected \"%s\", got %s"
                        .formatted(name, expected, value == null ? "nothing" : '"' + shown(value) + '"'));
    }

    /** Reads a maximum number of classes, null for all. */
    static int top(Object given) {
        if (given == null) {
            return Integer.MAX_VALUE;
        }
        String text = given.toString();
        require(text.matches("[1-9][0-9]{0,8}"), "top_k: expected a number of classes, got " + shown(text));
        return Integer.parseInt(text);
    }

    private static Set<String> outputs(List<Output> outputs) {
        Set<String> all = Set.of(LABELS, PROBABILITIES, PREDICTED);
        if (outputs == null || outputs.isEmpty()) {
            return all;
        }
        Set<String> names = outputs.stream()
                .map(output -> output == null ? "null" : String.valueOf(output.name))
                .collect(toSet());
        require(
                all.containsAll(names),
                "outputs: expected %s, %s or %s, got %s"
                        .formatted(LABELS, PROBABILITIES, PREDICTED, shown(names.toString())));
        return names;
    }

    private static String shown(String value) {
        return value.length() > 80 ? value.substring(0, 80) + "…" : value;
    }
}
