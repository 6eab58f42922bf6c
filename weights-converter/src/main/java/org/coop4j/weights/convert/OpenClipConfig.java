package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.convert.ModelSource.ModelConfig;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * Reads {@code open_clip_config.json}. A field that is neither known here nor switched off is an error, since many
 * fields of open_clip change the model's computation.
 */
final class OpenClipConfig {
    static final String FILE = "open_clip_config.json";

    private static final Set<String> MODEL_FIELDS =
            Set.of("embed_dim", "quick_gelu", "vision_cfg", "text_cfg", "custom_text", "init_logit_scale");
    private static final Set<String> TOWER_FIELDS =
            Set.of("width", "layers", "mlp_ratio", "pool_type", "pos_embed_type", "proj_type");
    private static final Set<String> VISION_FIELDS = Set.of("image_size", "patch_size", "head_width", "patch_dropout");
    private static final Set<String> TEXT_FIELDS =
            Set.of("context_length", "vocab_size", "heads", "pad_id", "hf_tokenizer_name", "tokenizer_kwargs");

    private OpenClipConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return ModelConfig.read(folder.resolve(FILE), OpenClipConfig::config);
    }

    private static ModelConfig config(JsonTree json) {
        JsonTree model = json.has("model_cfg") ? json.object("model_cfg") : json;
        requireKnown("model_cfg", model, MODEL_FIELDS, Set.of());
        JsonTree text = tower(model, "text_cfg", TEXT_FIELDS);
        ClipConfig.Vision vision = vision(tower(model, "vision_cfg", VISION_FIELDS));
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
                new ClipConfig(model.whole("embed_dim"), vision, transformer),
                Optional.of(activation),
                preprocessing(json.objectOrNone("preprocess_cfg"), vision.imageSize()));
    }

    /** Returns a tower's fields; some may have open_clip's default only, or what amounts to it. */
    private static JsonTree tower(JsonTree model, String name, Set<String> known) {
        JsonTree tower = model.object(name);
        tower.choice("pool_type", "tok", "argmax");
        tower.choice("pos_embed_type", "learnable");
        tower.choice("proj_type", "linear");
        requireKnown(name, tower, TOWER_FIELDS, known);
        return tower;
    }

    /** Refuses fields that may change the model's computation in ways not known here. */
    private static void requireKnown(String where, JsonTree object, Set<String> known, Set<String> more) {
        object.fields().forEach((name, value) -> {
            if (!known.contains(name) && !more.contains(name) && !isOff(value)) {
                throw new IllegalArgumentException(
                        "%s.%s = %s is not supported: expected CLIP's own two towers".formatted(where, name, value));
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
        if (vision.fields().get("image_size") instanceof List<?>) {
            List<Integer> sides = vision.wholes("image_size");
            if (sides.size() != 2 || !sides.get(0).equals(sides.get(1))) {
                throw new IllegalArgumentException("image_size: expected a square, got " + sides);
            }
            return sides.get(0);
        }
        return vision.whole("image_size", 224);
    }

    /** Returns the product truncated, as open_clip does. */
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
        json.choice("interpolation", "bicubic");
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        return new PreprocessConfig(
                imageSize,
                json.numbers("mean", defaults.mean()),
                json.numbers("std", defaults.std()),
                json.choice("resize_mode", "shortest", "squash").equals("squash"));
    }
}
