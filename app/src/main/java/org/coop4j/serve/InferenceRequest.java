package org.coop4j.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * An inference request of the Open Inference Protocol, version 2.
 *
 * @param id the client's own, or null
 * @param pictures content of image files, one or more
 * @param top how many classes a picture is to have at most
 * @param outputs names of the tensors that are to be answered
 */
record InferenceRequest(String id, List<byte[]> pictures, int top, Set<String> outputs) {

    /** JSON as the service reads and writes it: null is left out, and all that is read must be of use. */
    static final ObjectMapper JSON = JsonMapper.builder()
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    static final String INPUT = "image";
    static final String BYTES = "BYTES";
    static final String LABELS = "labels";
    static final String PROBABILITIES = "probabilities";

    private static final String BASE64 = "base64";

    /**
     * Reads a request.
     *
     * @throws Refusal if it is no JSON or another request, saying what was expected
     */
    static InferenceRequest of(byte[] json) throws IOException {
        JsonNode request;
        try {
            request = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw refused("the request is not JSON: " + e.getOriginalMessage());
        }
        JsonNode inputs = request.path("inputs");
        if (inputs.size() != 1 || !inputs.isArray()) {
            throw refused("inputs: expected an array of one tensor, " + INPUT);
        }
        JsonNode id = request.path("id");
        return new InferenceRequest(
                id.isMissingNode() || id.isNull() ? null : id.asText(),
                pictures(inputs.get(0)),
                top(request.path("parameters").path("top_k")),
                outputs(request.path("outputs")));
    }

    private static List<byte[]> pictures(JsonNode input) {
        expect(input.path("name"), INPUT, "the input's name");
        expect(input.path("datatype"), BYTES, "the input's datatype");
        JsonNode type = input.path("parameters").path("content_type");
        if (!type.isMissingNode()) {
            expect(type, BASE64, "the input's content_type");
        }
        JsonNode data = input.path("data");
        long shape = 1;
        for (JsonNode side : input.path("shape")) {
            shape *= side.asInt();
        }
        if (!data.isArray() || data.isEmpty() || shape != data.size()) {
            throw refused("data: expected an array of as many pictures as the shape says (%d), got %d"
                    .formatted(shape, data.size()));
        }
        List<byte[]> pictures = new ArrayList<>();
        for (JsonNode picture : data) {
            pictures.add(decoded(picture, pictures.size()));
        }
        return pictures;
    }

    private static byte[] decoded(JsonNode picture, int index) {
        try {
            return Base64.getDecoder().decode(picture.isTextual() ? picture.textValue() : "?");
        } catch (IllegalArgumentException e) {
            throw refused("picture " + index + ": expected a string in base64");
        }
    }

    private static void expect(JsonNode value, String expected, String what) {
        if (!expected.equals(value.textValue())) {
            throw refused("%s: expected \"%s\", got %s".formatted(what, expected, shown(value)));
        }
    }

    private static int top(JsonNode value) {
        if (value.isMissingNode()) {
            return Integer.MAX_VALUE;
        }
        if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 1) {
            throw refused("top_k: expected a number of classes, got " + shown(value));
        }
        return value.intValue();
    }

    private static Set<String> outputs(JsonNode outputs) {
        Set<String> all = Set.of(LABELS, PROBABILITIES);
        if (outputs.isEmpty()) {
            return all;
        }
        List<String> names = outputs.findValuesAsText("name");
        if (!all.containsAll(names) || names.size() != outputs.size()) {
            throw refused("outputs: expected %s or %s, got %s".formatted(LABELS, PROBABILITIES, shown(outputs)));
        }
        return Set.copyOf(names);
    }

    private static String shown(JsonNode value) {
        if (value.isMissingNode()) {
            return "nothing";
        }
        String text = value.toString();
        return text.length() > 80 ? text.substring(0, 80) + "…" : text;
    }

    private static Refusal refused(String reason) {
        return new Refusal(Refusal.BAD_REQUEST, reason);
    }
}
