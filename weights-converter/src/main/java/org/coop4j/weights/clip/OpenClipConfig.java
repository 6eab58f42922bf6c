package org.coop4j.weights.clip;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.coop4j.weights.WeightsException;
import org.coop4j.weights.checkpoint.JsonFile;

/**
 * Reads {@code open_clip_config.json}. A field that is not known here and is not switched off is an
 * error, since open_clip has many that change what a model computes.
 */
final class OpenClipConfig {
    static final String FILE = "open_clip_config.json";

    private static final Set<String> MODEL_FIELDS =
            Set.of(
                    "embed_dim",
                    "quick_gelu",
                    "vision_cfg",
                    "text_cfg",
                    "custom_text",
                    "init_logit_scale");
    private static final Set<String> VISION_FIELDS =
            Set.of(
                    "image_size",
                    "layers",
                    "width",
                    "patch_size",
                    "head_width",
                    "mlp_ratio",
                    "patch_dropout");
    private static final Set<String> TEXT_FIELDS =
            Set.of(
                    "context_length",
                    "vocab_size",
                    "width",
                    "heads",
                    "layers",
                    "mlp_ratio",
                    "pad_id",
                    "hf_tokenizer_name",
                    "tokenizer_kwargs");

    /** Fields whose only supported value is open_clip's default. */
    private static final Map<String, String> DEFAULTS =
            Map.of(
                    "pool_type", "tok argmax",
                    "pos_embed_type", "learnable",
                    "proj_type", "linear");

    private final ConfigReader reader;
    private final JsonNode model;

    private OpenClipConfig(ConfigReader reader, JsonNode model) {
        this.reader = reader;
        this.model = model;
    }

    static ModelConfig read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        JsonNode root = JsonFile.read(file);
        JsonNode model = root.has("model_cfg") ? root.path("model_cfg") : root;
        ConfigReader reader = new ConfigReader(file);
        return new OpenClipConfig(reader, model).config(root.path("preprocess_cfg"));
    }

    private ModelConfig config(JsonNode preprocess) throws WeightsException {
        JsonNode vision = model.path("vision_cfg");
        JsonNode text = model.path("text_cfg");
        reader.requireKnown("model_cfg", model, MODEL_FIELDS);
        requireKnownTower("vision_cfg", vision, VISION_FIELDS);
        requireKnownTower("text_cfg", text, TEXT_FIELDS);
        Map<String, Object> dimensions = new LinkedHashMap<>();
        dimensions.put("embed_dim", reader.integer(model, "embed_dim"));
        int imageSize = imageSize(vision);
        dimensions.put("vision image_size", imageSize);
        int width = reader.integer(vision, "width", 768);
        dimensions.put("vision width", width);
        int headWidth = reader.integer(vision, "head_width", 64);
        OptionalInt visionHeads;
        if (vision.path("layers").isArray()) {
            dimensions.put("vision layers", layers(vision.path("layers")));
            visionHeads = heads("vision_cfg", width * ModifiedResNet.STRIDE, headWidth);
        } else {
            dimensions.put("vision layers", reader.integer(vision, "layers", 12));
            dimensions.put("vision patch_size", reader.integer(vision, "patch_size", 16));
            dimensions.put("vision mlp_width", mlpWidth(vision, width));
            visionHeads = heads("vision_cfg", width, headWidth);
        }
        int textWidth = reader.integer(text, "width", 512);
        dimensions.put("text context_length", reader.integer(text, "context_length", 77));
        dimensions.put("text vocabulary_size", reader.integer(text, "vocab_size", 49408));
        dimensions.put("text width", textWidth);
        dimensions.put("text layers", reader.integer(text, "layers", 12));
        dimensions.put("text mlp_width", mlpWidth(text, textWidth));
        return new ModelConfig(
                FILE,
                Optional.of(activation()),
                visionHeads,
                OptionalInt.of(reader.integer(text, "heads", 8)),
                preprocessing(preprocess, imageSize),
                dimensions);
    }

    /** QuickGELU only when the field says so; open_clip's default is the exact GELU. */
    private Activation activation() throws WeightsException {
        JsonNode value = model.path("quick_gelu");
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw reader.problem("quick_gelu is " + value + ", neither true nor false");
        }
        return value.asBoolean(false) ? Activation.QUICK_GELU : Activation.GELU;
    }

    private void requireKnownTower(String where, JsonNode tower, Set<String> known)
            throws WeightsException {
        if (!tower.isObject()) {
            throw reader.problem(where + " is missing");
        }
        for (Map.Entry<String, String> field : DEFAULTS.entrySet()) {
            String value = tower.path(field.getKey()).asText("");
            if (!value.isEmpty() && !List.of(field.getValue().split(" ")).contains(value)) {
                throw reader.problem(
                        "%s.%s = %s is not supported".formatted(where, field.getKey(), value));
            }
        }
        Set<String> all = new HashSet<>(known);
        all.addAll(DEFAULTS.keySet());
        reader.requireKnown(where, tower, all);
    }

    private int imageSize(JsonNode vision) throws WeightsException {
        JsonNode size = vision.path("image_size");
        if (size.isArray()) {
            if (size.size() != 2 || !size.get(0).isInt() || !size.get(0).equals(size.get(1))) {
                throw reader.problem("image_size is " + size + ": only square images are known");
            }
            return size.get(0).intValue();
        }
        return reader.integer(vision, "image_size", 224);
    }

    private List<Integer> layers(JsonNode array) {
        List<Integer> layers = new ArrayList<>();
        array.forEach(count -> layers.add(count.asInt()));
        return layers;
    }

    /** open_clip truncates the product. */
    private int mlpWidth(JsonNode tower, int width) throws WeightsException {
        return (int) (width * reader.number(tower, "mlp_ratio", 4.0));
    }

    private OptionalInt heads(String where, int width, int headWidth) throws WeightsException {
        if (headWidth < 1 || width % headWidth != 0) {
            throw reader.problem(
                    "%s: width %d is no multiple of head_width %d"
                            .formatted(where, width, headWidth));
        }
        return OptionalInt.of(width / headWidth);
    }

    private Preprocessing preprocessing(JsonNode json, int imageSize) throws WeightsException {
        String interpolation = json.path("interpolation").asText("bicubic");
        String mode = json.path("resize_mode").asText("shortest");
        if (!interpolation.equals("bicubic") || !mode.equals("shortest")) {
            throw reader.problem(
                    "preprocess_cfg: interpolation %s and resize_mode %s are not supported:"
                                    .formatted(interpolation, mode)
                            + " only bicubic and shortest are");
        }
        Preprocessing defaults = Preprocessing.openAi(imageSize);
        try {
            return new Preprocessing(
                    imageSize,
                    json.has("mean") ? Preprocessing.numbers(json, "mean") : defaults.mean(),
                    json.has("std") ? Preprocessing.numbers(json, "std") : defaults.std());
        } catch (IllegalArgumentException e) {
            throw new WeightsException(reader.file() + ": " + e.getMessage(), e);
        }
    }
}
