package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * Reads {@code open_clip_config.json}. A field that is not known here and is not switched off is an
 * error, since open_clip has many that change what a model computes.
 */
final class OpenClipConfig {

    static final String FILE = "open_clip_config.json";

    private static final Set<String> MODEL_FIELDS =
            Set.of("embed_dim", "quick_gelu", "vision_cfg", "text_cfg", "custom_text", "init_logit_scale");
    private static final Set<String> VISION_FIELDS =
            Set.of("image_size", "layers", "width", "patch_size", "head_width", "mlp_ratio", "patch_dropout");
    private static final Set<String> TEXT_FIELDS = Set.of(
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
    private static final Map<String, String> DEFAULTS = Map.of(
            "pool_type", "tok argmax",
            "pos_embed_type", "learnable",
            "proj_type", "linear");

    private OpenClipConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return ModelConfig.read(folder.resolve(FILE), OpenClipConfig::config);
    }

    private static ModelConfig config(JsonTree json) {
        JsonTree model = json.has("model_cfg") ? json.object("model_cfg") : json;
        requireKnown("model_cfg", model, MODEL_FIELDS);
        JsonTree vision = tower(model, "vision_cfg", VISION_FIELDS);
        JsonTree text = tower(model, "text_cfg", TEXT_FIELDS);
        ClipConfig.Vision tower = vision(vision);
        int textWidth = text.whole("width", 512);
        ClipConfig.Text transformer = new ClipConfig.Text(
                text.whole("context_length", 77),
                text.whole("vocab_size", 49408),
                textWidth,
                text.whole("heads", 8),
                text.whole("layers", 12),
                mlpWidth(text, textWidth));
        // open_clip's default is the exact GELU
        MlpActivation activation = model.flag("quick_gelu", false) ? MlpActivation.QUICK_GELU : MlpActivation.GELU;
        return new ModelConfig(
                FILE,
                new ClipConfig(model.whole("embed_dim"), tower, transformer),
                Optional.of(activation),
                preprocessing(json.objectOrNone("preprocess_cfg"), tower.imageSize()));
    }

    private static JsonTree tower(JsonTree model, String name, Set<String> known) {
        JsonTree tower = model.object(name);
        DEFAULTS.forEach((field, supported) -> {
            if (tower.has(field) && !List.of(supported.split(" ")).contains(tower.text(field))) {
                throw new IllegalArgumentException(
                        "%s.%s = %s is not supported".formatted(name, field, tower.text(field)));
            }
        });
        requireKnown(name, tower, known);
        return tower;
    }

    /** Refuses fields that may change what the model computes in ways not known here. */
    private static void requireKnown(String where, JsonTree object, Set<String> known) {
        object.fields().forEach((name, value) -> {
            if (!known.contains(name) && !DEFAULTS.containsKey(name) && !isOff(value)) {
                throw new IllegalArgumentException(
                        "%s.%s = %s is not supported: only CLIP's own two towers are".formatted(where, name, value));
            }
        });
    }

    private static boolean isOff(Object value) {
        return value == null
                || value.equals(false)
                || (value instanceof List<?> list && list.isEmpty())
                || (value instanceof Map<?, ?> map && map.isEmpty());
    }

    private static ClipConfig.Vision vision(JsonTree vision) {
        int imageSize = imageSize(vision);
        int width = vision.whole("width", 768);
        int headWidth = vision.whole("head_width", 64);
        if (vision.fields().get("layers") instanceof List<?>) {
            int heads = heads(width * ClipConfig.ResNet.STRIDE, headWidth);
            return new ClipConfig.ResNet(imageSize, vision.wholes("layers"), width, heads);
        }
        return new ClipConfig.Vit(
                imageSize,
                vision.whole("patch_size", 16),
                width,
                vision.whole("layers", 12),
                heads(width, headWidth),
                mlpWidth(vision, width));
    }

    private static int imageSize(JsonTree vision) {
        if (vision.fields().get("image_size") instanceof List<?> sides) {
            if (sides.size() != 2 || !(sides.get(0) instanceof Integer side) || !side.equals(sides.get(1))) {
                throw new IllegalArgumentException("image_size: expected a square, got " + sides);
            }
            return side;
        }
        return vision.whole("image_size", 224);
    }

    /** open_clip truncates the product. */
    private static int mlpWidth(JsonTree tower, int width) {
        return (int) (width * tower.number("mlp_ratio", 4.0));
    }

    private static int heads(int width, int headWidth) {
        if (headWidth < 1 || width % headWidth != 0) {
            throw new IllegalArgumentException(
                    "vision_cfg: expected a width that is a multiple of head_width %d, got %d"
                            .formatted(headWidth, width));
        }
        return width / headWidth;
    }

    private static PreprocessConfig preprocessing(JsonTree json, int imageSize) {
        String interpolation = json.text("interpolation", "bicubic");
        String mode = json.text("resize_mode", "shortest");
        boolean squash = mode.equals("squash");
        if (!interpolation.equals("bicubic") || !(squash || mode.equals("shortest"))) {
            throw new IllegalArgumentException(
                    "preprocess_cfg: expected interpolation bicubic and resize_mode shortest or squash, got %s and %s"
                            .formatted(interpolation, mode));
        }
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        return new PreprocessConfig(
                imageSize,
                json.has("mean") ? json.numbers("mean") : defaults.mean(),
                json.has("std") ? json.numbers("std") : defaults.std(),
                squash);
    }
}
