package org.coop4j.weights.model;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.coop4j.base.InputException;
import org.coop4j.weights.JsonTree;

/**
 * How pixels become the image tower's input: bicubic resize of the shorter side and centre crop, or
 * of both sides, then (x / 255 − mean) / std for each channel.
 *
 * @param size pixels of a side after the crop
 * @param mean red, green and blue
 * @param std red, green and blue; positive
 * @param squash whether both sides are resized to {@code size}, whatever the picture's shape
 *     (open_clip's {@code resize_mode} squash)
 */
@JsonPropertyOrder({"size", "mean", "std", "interpolation", "resize_mode"})
public record PreprocessConfig(int size, List<Double> mean, List<Double> std, @JsonIgnore boolean squash) {
    private static final String INTERPOLATION = "interpolation";
    private static final String BICUBIC = "bicubic";
    private static final String RESIZE_MODE = "resize_mode";
    private static final String SHORTEST = "shortest";
    private static final String SQUASH = "squash";
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

    /** With the shorter side resized, as CLIP has it. */
    public PreprocessConfig(int size, List<Double> mean, List<Double> std) {
        this(size, mean, std, false);
    }

    /** OpenAI's constants, which nearly every CLIP uses. */
    public static PreprocessConfig openAi(int size) {
        return new PreprocessConfig(size, CLIP_MEAN, CLIP_STD);
    }

    private static PreprocessConfig of(JsonTree fields) {
        String interpolation = fields.text(INTERPOLATION);
        if (!interpolation.equals(BICUBIC)) {
            throw new IllegalArgumentException("interpolation: expected bicubic, got " + interpolation);
        }
        return new PreprocessConfig(
                fields.whole("size"),
                fields.numbers("mean"),
                fields.numbers("std"),
                isSquash(fields.text(RESIZE_MODE, SHORTEST)));
    }

    private static boolean isSquash(String resizeMode) {
        if (!resizeMode.equals(SHORTEST) && !resizeMode.equals(SQUASH)) {
            throw new IllegalArgumentException("resize_mode: expected shortest or squash, got " + resizeMode);
        }
        return resizeMode.equals(SQUASH);
    }

    /** Left out where it is CLIP's own. */
    @JsonProperty(RESIZE_MODE)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    String resizeMode() {
        return squash ? SQUASH : null;
    }

    @JsonProperty(INTERPOLATION)
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
     * @throws InputException when it is something else
     */
    public static PreprocessConfig fromJson(String json) throws InputException {
        return MetadataJson.read("preprocessing", json, PreprocessConfig::of);
    }
}
