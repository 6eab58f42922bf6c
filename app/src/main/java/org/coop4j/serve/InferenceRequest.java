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
 * @param pictures contents of image files, one or more
 * @param top maximum number of classes per picture
 * @param outputs names of the requested tensors
 */
record InferenceRequest(String id, List<byte[]> pictures, int top, Set<String> outputs) {

    /** Leaves out null values when it writes, and refuses repeated names and trailing text when it reads. */
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

    /**
     * Reads a request.
     *
     * @throws Refusal if it is not such a request
     */
    static InferenceRequest of(byte[] json) throws IOException {
        JsonNode request;
        try {
            request = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw Refusal.badRequest("the request is not JSON: " + e.getOriginalMessage());
        }
        JsonNode inputs = request.path("inputs");
        if (inputs.size() != 1 || !inputs.isArray()) {
            throw Refusal.badRequest("inputs: expected an array of one tensor, " + INPUT);
        }
        JsonNode top = request.path("parameters").path("top_k");
        return new InferenceRequest(
                request.path("id").asText(null),
                pictures(inputs.get(0)),
                top(top.isMissingNode() ? null : top.toString()),
                outputs(request.path("outputs")));
    }

    private static List<byte[]> pictures(JsonNode input) {
        expect(input.path("name"), INPUT, "the input's name");
        expect(input.path("datatype"), BYTES, "the input's datatype");
        JsonNode type = input.path("parameters").path("content_type");
        if (!type.isMissingNode()) {
            expect(type, "base64", "the input's content_type");
        }
        JsonNode data = input.path("data");
        long shape = 1;
        for (JsonNode side : input.path("shape")) {
            shape *= side.asInt();
        }
        if (!data.isArray() || data.isEmpty() || shape != data.size()) {
            throw Refusal.badRequest("data: expected an array of as many pictures as in the shape, %d, got %d"
                    .formatted(shape, data.size()));
        }
        List<byte[]> pictures = new ArrayList<>();
        for (JsonNode picture : data) {
            try {
                pictures.add(Base64.getDecoder().decode(picture.isTextual() ? picture.textValue() : "?"));
            } catch (IllegalArgumentException e) {
                throw Refusal.badRequest("picture " + pictures.size() + ": expected a string in base64");
            }
        }
        return pictures;
    }

    private static void expect(JsonNode value, String expected, String name) {
        if (!expected.equals(value.textValue())) {
            throw Refusal.badRequest("%s: expected \"%s\", got %s"
                    .formatted(name, expected, value.isMissingNode() ? "nothing" : shown(value.toString())));
        }
    }

    /** Reads a maximum number of classes, null for all. */
    static int top(String given) {
        if (given != null && !given.matches("[1-9][0-9]{0,8}")) {
            throw Refusal.badRequest("top_k: expected a number of classes, got " + shown(given));
        }
        return given == null ? Integer.MAX_VALUE : Integer.parseInt(given);
    }

    private static Set<String> outputs(JsonNode outputs) {
        Set<String> all = Set.of(LABELS, PROBABILITIES);
        if (outputs.isEmpty()) {
            return all;
        }
        List<String> names = outputs.findValuesAsText("name");
        if (!all.containsAll(names) || names.size() != outputs.size()) {
            throw Refusal.badRequest(
                    "outputs: expected %s or %s, got %s".formatted(LABELS, PROBABILITIES, shown(outputs.toString())));
        }
        return Set.copyOf(names);
    }

    private static String shown(String value) {
        return value.length() > 80 ? value.substring(0, 80) + "…" : value;
    }
}
