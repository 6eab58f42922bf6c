package org.coop4j.weights.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.WeightsException;

/**
 * How pixels become the image tower's input: bicubic resize of the shorter side, centre crop, then
 * (x / 255 − mean) / std for each channel.
 *
 * @param size pixels of a side after the crop
 * @param mean red, green and blue
 * @param std red, green and blue; positive
 */
public record Preprocessing(int size, List<Double> mean, List<Double> std) {
    private static final String BICUBIC = "bicubic";
    private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
    private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);

    /** Checks that there are three finite numbers of each kind. */
    public Preprocessing {
        Dimensions.requirePositive("image size", size);
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.size() != 3 || std.size() != 3) {
            throw new IllegalArgumentException(
                    "mean " + mean + " and std " + std + " of 3 colours");
        }
        for (int i = 0; i < 3; i++) {
            if (!Double.isFinite(mean.get(i)) || !(std.get(i) > 0) || std.get(i).isInfinite()) {
                throw new IllegalArgumentException("mean " + mean + " or std " + std);
            }
        }
    }

    /** OpenAI's constants, which nearly every CLIP uses. */
    public static Preprocessing openAi(int size) {
        return new Preprocessing(size, CLIP_MEAN, CLIP_STD);
    }

    /** The constants as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("size", size);
        ArrayNode means = json.putArray("mean");
        mean.forEach(means::add);
        ArrayNode stds = json.putArray("std");
        std.forEach(stds::add);
        json.put("interpolation", BICUBIC);
        return json.toString();
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws WeightsException when it is something else
     */
    public static Preprocessing fromJson(String json) throws WeightsException {
        JsonNode node = MetadataJson.parse(json);
        if (!BICUBIC.equals(node.path("interpolation").asText())) {
            throw new WeightsException(
                    "interpolation " + node.path("interpolation") + ": only bicubic is supported");
        }
        try {
            return new Preprocessing(
                    node.path("size").asInt(), numbers(node, "mean"), numbers(node, "std"));
        } catch (IllegalArgumentException e) {
            throw new WeightsException("impossible preprocessing: " + e.getMessage(), e);
        }
    }

    /** The numbers in an array of a JSON object; what is no number makes the constructor fail. */
    static List<Double> numbers(JsonNode node, String field) {
        List<Double> values = new ArrayList<>();
        node.path(field).forEach(value -> values.add(value.asDouble(Double.NaN)));
        return values;
    }
}
