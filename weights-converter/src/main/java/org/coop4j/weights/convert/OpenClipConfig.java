package org.coop4j.weights.convert;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.weights.checkpoint.JsonFile;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * Reads {@code open_clip_config.json}. A field that is not known here and is not switched off is an
 * error, since open_clip has many that change what a model computes.
 */
record OpenClipConfig(JsonFile json, JsonNode model) {

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

    static ModelConfig read(Path folder) throws IOException {
        JsonFile json = JsonFile.read(folder.resolve(FILE));
        JsonNode root = json.root();
        JsonNode model = root.has("model_cfg") ? root.path("model_cfg") : root;
        try {
            return new OpenClipConfig(json, model).config(root.path("preprocess_cfg"));
        } catch (IllegalArgumentException e) {
            throw new InputException(json.file() + ": " + e.getMessage(), e);
        }
    }

    private ModelConfig config(JsonNode preprocess) throws InputException {
        JsonNode vision = model.path("vision_cfg");
        JsonNode text = model.path("text_cfg");
        requireKnown("model_cfg", model, MODEL_FIELDS);
        requireKnownTower("vision_cfg", vision, VISION_FIELDS);
        requireKnownTower("text_cfg", text, TEXT_FIELDS);
        int embedDim = json.integer(model, "embed_dim");
        ClipConfig.Vision tower = vision(vision);
        int textWidth = json.integer(text, "width", 512);
        ClipConfig.Text transformer =
                new ClipConfig.Text(
                        json.integer(text, "context_length", 77),
                        json.integer(text, "vocab_size", 49408),
                        textWidth,
                        json.integer(text, "heads", 8),
                        json.integer(text, "layers", 12),
                        mlpWidth(text, textWidth));
        return new ModelConfig(
                FILE,
                new ClipConfig(embedDim, tower, transformer),
                Optional.of(activation()),
                preprocessing(preprocess, tower.imageSize()));
    }

    private ClipConfig.Vision vision(JsonNode vision) throws InputException {
        int imageSize = imageSize(vision);
        int width = json.integer(vision, "width", 768);
        int headWidth = json.integer(vision, "head_width", 64);
        JsonNode layers = vision.path("layers");
        if (layers.isArray()) {
            List<Integer> stages = new ArrayList<>();
            layers.forEach(count -> stages.add(count.asInt()));
            int heads = heads(width * ClipConfig.ResNet.STRIDE, headWidth);
            return new ClipConfig.ResNet(imageSize, stages, width, heads);
        }
        return new ClipConfig.Vit(
                imageSize,
                json.integer(vision, "patch_size", 16),
                width,
                json.integer(vision, "layers", 12),
                heads(width, headWidth),
                mlpWidth(vision, width));
    }

    /** QuickGELU only when the field says so; open_clip's default is the exact GELU. */
    private MlpActivation activation() throws InputException {
        JsonNode value = model.path("quick_gelu");
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw json.problem("quick_gelu: expected true or false, got " + value);
        }
        return value.asBoolean(false) ? MlpActivation.QUICK_GELU : MlpActivation.GELU;
    }

    private void requireKnownTower(String where, JsonNode tower, Set<String> known)
            throws InputException {
        if (!tower.isObject()) {
            throw json.problem(where + " is missing");
        }
        for (Map.Entry<String, String> field : DEFAULTS.entrySet()) {
            String value = tower.path(field.getKey()).asText("");
            if (!value.isEmpty() && !List.of(field.getValue().split(" ")).contains(value)) {
                throw json.problem(
                        "%s.%s = %s is not supported".formatted(where, field.getKey(), value));
            }
        }
        Set<String> all = new HashSet<>(known);
        all.addAll(DEFAULTS.keySet());
        requireKnown(where, tower, all);
    }

    private int imageSize(JsonNode vision) throws InputException {
        JsonNode size = vision.path("image_size");
        if (size.isArray()) {
            if (size.size() != 2 || !size.get(0).isInt() || !size.get(0).equals(size.get(1))) {
                throw json.problem("image_size: expected a square, got " + size);
            }
            return size.get(0).intValue();
        }
        return json.integer(vision, "image_size", 224);
    }

    /** open_clip truncates the product. */
    private int mlpWidth(JsonNode tower, int width) throws InputException {
        return (int) (width * json.number(tower, "mlp_ratio", 4.0));
    }

    private int heads(int width, int headWidth) throws InputException {
        if (headWidth < 1 || width % headWidth != 0) {
            throw json.problem(
                    "vision_cfg: expected a width that is a multiple of head_width %d, got %d"
                            .formatted(headWidth, width));
        }
        return width / headWidth;
    }

    /** Refuses fields that may change what the model computes in ways not known here. */
    private void requireKnown(String where, JsonNode object, Set<String> known)
            throws InputException {
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (!known.contains(field.getKey()) && !isOff(field.getValue())) {
                throw json.problem(
                        "%s.%s = %s is not supported: only CLIP's own two towers are"
                                .formatted(where, field.getKey(), field.getValue()));
            }
        }
    }

    private static boolean isOff(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isContainerNode() && value.isEmpty());
    }

    private PreprocessConfig preprocessing(JsonNode cfg, int imageSize) throws InputException {
        String interpolation = cfg.path("interpolation").asText("bicubic");
        String mode = cfg.path("resize_mode").asText("shortest");
        boolean squash = mode.equals("squash");
        if (!interpolation.equals("bicubic") || !(squash || mode.equals("shortest"))) {
            throw json.problem(
                    "preprocess_cfg: expected interpolation bicubic and resize_mode shortest or"
                            + " squash, got %s and %s".formatted(interpolation, mode));
        }
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        return new PreprocessConfig(
                imageSize,
                cfg.has("mean") ? ModelConfig.numbers(cfg.path("mean")) : defaults.mean(),
                cfg.has("std") ? ModelConfig.numbers(cfg.path("std")) : defaults.std(),
                squash);
    }
}
