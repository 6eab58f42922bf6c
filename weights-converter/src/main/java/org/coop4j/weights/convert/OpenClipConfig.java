package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.weights.convert.ModelSource.ModelConfig;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;
import org.coop4j.weights.model.PublishedModels;

/**
 * Reads {@code open_clip_config.json}. A field that is neither known here nor switched off is an error, since many
 * fields of open_clip change the model's computation.
 */
final class OpenClipConfig {
    static final String FILE = "open_clip_config.json";

    private static final String TIMM_NAME = "timm_model_name";
    private static final String TIMM_SIZES = "timm_model_kwargs";
    private static final String TRAINED_GRID = "ref_feat_shape";

    private OpenClipConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return JsonTree.read(folder.resolve(FILE), OpenClipConfig::config);
    }

    private static ModelConfig config(JsonTree json) {
        JsonTree model = json.has("model_cfg") ? json.object("model_cfg") : json;
        JsonTree text = tower(model, "text_cfg");
        int textWidth = text.whole("width", 512);
        ClipConfig.Text transformer = new ClipConfig.Text(
                text.whole("context_length", 77),
                text.whole("vocab_size", 49408),
                textWidth,
                text.whole("heads", 8),
                text.whole("layers", 12),
                mlpWidth(text, textWidth));
        requireKnown("text_cfg", text, "pad_id", "hf_tokenizer_name", "tokenizer_kwargs");
        ClipConfig.Vision vision = model.object("vision_cfg").has(TIMM_NAME)
                ? peCore(model.object("vision_cfg"))
                : vision(tower(model, "vision_cfg"));
        // open_clip's default is the exact GELU
        MlpActivation activation = model.flag("quick_gelu", false) ? MlpActivation.QUICK_GELU : MlpActivation.GELU;
        ClipConfig architecture = new ClipConfig(model.whole("embed_dim"), vision, transformer);
        requireKnown("model_cfg", model, "custom_text", "init_logit_scale");
        return new ModelConfig(
                FILE,
                architecture,
                Optional.of(activation),
                json.has("preprocess_cfg")
                        ? preprocessing(json.object("preprocess_cfg"), vision.imageSize())
                        : PreprocessConfig.published(architecture));
    }

    /** Returns a tower's fields; some may have open_clip's default only, or what amounts to it. */
    private static JsonTree tower(JsonTree model, String name) {
        JsonTree tower = model.object(name);
        tower.choice("pool_type", "tok", "argmax");
        tower.choice("pos_embed_type", "learnable");
        tower.choice("proj_type", "linear");
        return tower;
    }

    /** Refuses fields that were not read and may change the model's computation. */
    private static void requireKnown(String where, JsonTree object, String... harmless) {
        for (String name : object.unread()) {
            Object value = object.fields().get(name);
            Require.that(
                    List.of(harmless).contains(name) || isOff(value),
                    "%s.%s = %s is not supported: expected CLIP's own two towers",
                    where,
                    name,
                    value);
        }
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
        ClipConfig.Vision tower;
        if (vision.fields().get("layers") instanceof List<?>) {
            int heads = heads(width * ClipConfig.ResNet.STRIDE, headWidth);
            tower = new ClipConfig.ResNet(imageSize, vision.wholes("layers"), width, heads);
        } else {
            tower = new ClipConfig.Vit(
                    imageSize,
                    vision.whole("patch_size", 16),
                    width,
                    vision.whole("layers", 12),
                    heads(width, headWidth),
                    mlpWidth(vision, width));
        }
        requireKnown("vision_cfg", vision, "patch_size", "mlp_ratio", "patch_dropout");
        return tower;
    }

    /** Returns timm's Perception Encoder of a name, with other sizes where the configuration has some. */
    private static ClipConfig.Vision peCore(JsonTree vision) {
        ClipConfig.Vit named = peCoreNamed(vision.text(TIMM_NAME));
        Require.that(
                vision.text("timm_pool").equals("map"), "timm_pool: expected map, got %s", vision.text("timm_pool"));
        JsonTree sizes = vision.objectOrNone(TIMM_SIZES);
        int width = sizes.whole("embed_dim", named.width());
        boolean classToken = sizes.flag("class_token", named.peCore().classToken());
        ClipConfig.Vit vit = new ClipConfig.Vit(
                sizes.whole("img_size", named.imageSize()),
                sizes.whole("patch_size", named.patchSize()),
                width,
                sizes.whole("depth", named.layers()),
                sizes.whole("num_heads", named.heads()),
                (int) (width * sizes.number("mlp_ratio", (double) named.mlpWidth() / named.width())),
                new ClipConfig.PeCore(
                        classToken,
                        sizes.whole("attn_pool_num_heads", named.peCore().poolHeads()),
                        (int) (width * sizes.number("attn_pool_mlp_ratio", 4))));
        // With other positions than the trained ones, timm would scale them.
        List<Integer> trained =
                sizes.has(TRAINED_GRID) ? sizes.wholes(TRAINED_GRID) : List.of(named.grid(), named.grid());
        Require.that(
                imageSize(vision) == vit.imageSize() && trained.equals(List.of(vit.grid(), vit.grid())),
                "vision_cfg: expected the trained image_size and %s, got %d and %s",
                TRAINED_GRID,
                imageSize(vision),
                trained);
        double offset = sizes.number("rope_grid_offset", named.classTokens());
        Require.that(
                offset == vit.classTokens(),
                "vision_cfg: expected rope_grid_offset %d with class_token %s, got %s",
                vit.classTokens(),
                classToken,
                Numbers.plain(offset));
        requireKnown("vision_cfg", vision, "timm_model_pretrained");
        Require.that(
                sizes.unread().isEmpty(),
                "%s: expected no other fields than %s, got %s",
                TIMM_SIZES,
                new TreeSet<>(sizes.asked()),
                sizes.fields().keySet());
        return vit;
    }

    private static ClipConfig.Vit peCoreNamed(String name) {
        return (ClipConfig.Vit) PublishedModels.ofTimm(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "vision_cfg.%s = %s is not supported: expected CLIP's own tower or vit_pe_core_base_patch16_224"
                                .formatted(TIMM_NAME, name)))
                .vision();
    }

    private static int imageSize(JsonTree vision) {
        if (vision.fields().get("image_size") instanceof List<?>) {
            List<Integer> sides = vision.wholes("image_size");
            Require.that(
                    sides.size() == 2 && sides.get(0).equals(sides.get(1)),
                    "image_size: expected a square, got %s",
                    sides);
            return sides.get(0);
        }
        return vision.whole("image_size", 224);
    }

    /** Returns the product truncated, as open_clip does. */
    private static int mlpWidth(JsonTree tower, int width) {
        return (int) (width * tower.number("mlp_ratio", 4.0));
    }

    private static int heads(int width, int headWidth) {
        Require.that(
                headWidth >= 1 && width % headWidth == 0,
                "vision_cfg: expected a width that is a multiple of head_width %d, got %d",
                headWidth,
                width);
        return width / headWidth;
    }

    private static PreprocessConfig preprocessing(JsonTree json, int imageSize) {
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        return new PreprocessConfig(
                imageSize,
                json.numbers("mean", defaults.mean()),
                json.numbers("std", defaults.std()),
                json.choice("resize_mode", "shortest", "squash").equals("squash"),
                json.choice("interpolation", PreprocessConfig.Interpolation.class));
    }
}
