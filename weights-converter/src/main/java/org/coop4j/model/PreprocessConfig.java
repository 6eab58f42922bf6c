package org.coop4j.model;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;

/**
 * Conversion of pixels to the image tower's input: resize of the shorter side and centre crop, or of both sides, then
 * (x / 255 − mean) / std for each channel.
 *
 * @param size side of the input in pixels
 * @param mean of red, green and blue
 * @param std of red, green and blue; positive
 * @param squash true to resize both sides to {@code size}, whatever the image's shape (open_clip's {@code resize_mode}
 *     squash)
 * @param interpolation filter of the resize
 */
public record PreprocessConfig(
        int size, List<Double> mean, List<Double> std, boolean squash, Interpolation interpolation) {
    private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
    private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);
    private static final List<Double> HALVES = List.of(0.5, 0.5, 0.5);
    private static final int SIGLIP2_VOCABULARY = 256_000;

    /** Pillow's antialiased filters. */
    public enum Interpolation {
        /** Keys' cubic convolution with a = -0.5. */
        BICUBIC,
        /** The triangle. */
        BILINEAR;

        /** Returns the name in files: {@code bicubic} or {@code bilinear}. */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Checks that there are three finite numbers of each kind. */
    public PreprocessConfig {
        ClipConfig.requirePositive("image size", size);
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        Require.that(
                mean.size() == 3 && mean.stream().allMatch(Double::isFinite),
                "mean: expected 3 finite numbers, got %s",
                mean);
        Require.that(
                std.size() == 3 && std.stream().allMatch(x -> x.floatValue() > 0 && Double.isFinite(x)),
                "std: expected 3 positive numbers, got %s",
                std);
    }

    /** Returns OpenAI's constants, which nearly every CLIP uses. */
    public static PreprocessConfig openAi(int size) {
        return new PreprocessConfig(size, CLIP_MEAN, CLIP_STD, false, Interpolation.BICUBIC);
    }

    /** Returns the constants of an architecture as published. */
    public static PreprocessConfig published(ClipConfig architecture) {
        int size = architecture.vision().imageSize();
        return switch (architecture.family()) {
            case CLIP -> openAi(size);
            case PE_CORE -> squash(size, Interpolation.BILINEAR);
            case SIGLIP ->
                squash(
                        size,
                        architecture.text().vocabularySize() == SIGLIP2_VOCABULARY
                                ? Interpolation.BILINEAR
                                : Interpolation.BICUBIC);
            case TIPS ->
                new PreprocessConfig(
                        size, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0), true, Interpolation.BILINEAR);
        };
    }

    /** Returns the resize of both sides, to pixels from -1 to 1. */
    public static PreprocessConfig squash(int size, Interpolation interpolation) {
        return new PreprocessConfig(size, HALVES, HALVES, true, interpolation);
    }

    /** Returns the constants as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("size", size);
        json.put("mean", mean);
        json.put("std", std);
        json.put("interpolation", interpolation.id());
        if (squash) {
            json.put("resize_mode", "squash");
        }
        return ModelMetadata.json(json);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws InputException if it is something else
     */
    public static PreprocessConfig fromJson(String json) throws IOException {
        return JsonTree.read("preprocessing", json, PreprocessConfig::of);
    }

    private static PreprocessConfig of(JsonTree fields) {
        return new PreprocessConfig(
                fields.whole("size"),
                fields.numbers("mean"),
                fields.numbers("std"),
                fields.choice("resize_mode", "shortest", "squash").equals("squash"),
                fields.choice("interpolation", Interpolation.class));
    }
}
