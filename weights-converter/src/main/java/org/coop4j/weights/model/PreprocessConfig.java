package org.coop4j.weights.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
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
@JsonPropertyOrder({"size", "mean", "std", "interpolation"})
public record PreprocessConfig(int size, List<Double> mean, List<Double> std) {
    private static final String BICUBIC = "bicubic";
    private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
    private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);

    /** Checks that there are three finite numbers of each kind. */
    public PreprocessConfig {
        ClipConfig.requirePositive("image size", size);
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.size() != 3 || !mean.stream().allMatch(Double::isFinite)) {
            throw new IllegalArgumentException("mean: expected 3 finite numbers, got " + mean);
        }
        if (std.size() != 3 || !std.stream().allMatch(x -> x > 0 && Double.isFinite(x))) {
            throw new IllegalArgumentException("std: expected 3 positive numbers, got " + std);
        }
    }

    /** OpenAI's constants, which nearly every CLIP uses. */
    public static PreprocessConfig openAi(int size) {
        return new PreprocessConfig(size, CLIP_MEAN, CLIP_STD);
    }

    @JsonCreator
    static PreprocessConfig read(
            @JsonProperty("size") int size,
            @JsonProperty("mean") List<Double> mean,
            @JsonProperty("std") List<Double> std,
            @JsonProperty("interpolation") String interpolation) {
        if (!interpolation.equals(BICUBIC)) {
            throw new IllegalArgumentException(
                    "interpolation: expected bicubic, got " + interpolation);
        }
        return new PreprocessConfig(size, mean, std);
    }

    @JsonProperty("interpolation")
    String interpolation() {
        return BICUBIC;
    }

    /** The constants as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        return MetadataJson.write(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws WeightsException when it is something else
     */
    public static PreprocessConfig fromJson(String json) throws WeightsException {
        return MetadataJson.read("preprocessing", json, PreprocessConfig.class);
    }
}
