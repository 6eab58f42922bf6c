package org.coop4j.model.convert;

import static org.coop4j.model.PreprocessConfig.Interpolation.BICUBIC;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.PublishedModels;
import org.coop4j.model.convert.ModelSource.ModelConfig;

/**
 * Reads {@code open_clip_config.json}. A field that is neither known here nor switched off is an error, since many
 * fields of open_clip change the model's computation.
 */
final class OpenClipConfig {
    static final String FILE = "open_clip_config.json";

    private static final String TIMM_NAME = "timm_model_name";
    private static final String TIMM_SIZES = "timm_model_kwargs";
    private static final String TRAINED_GRID = "ref_feat_shape";

    /** timm's towers of SigLIP with the approximate GELU; it computes the others with the exact one. */
    private static final Pattern TANH_TOWER =
            Pattern.compile("vit_(base_patch32_siglip_256|large_patch16_siglip_512|so400m_patch16_siglip_\\d+"
                    + "|giantopt_patch16_siglip_\\d+)");

    private OpenClipConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return JsonTree.read(folder.resolve(FILE), json -> config(json, folder));
    }

    private static ModelConfig config(JsonTree json, Path folder) throws IOException {
        JsonTree model = json.has("model_cfg") ? json.object("model_cfg") : json;
        String timm = model.object("vision_cfg").anyText(TIMM_NAME).orElse("");
        ClipConfig.Vision vision =
                timm.isEmpty() ? vision(tower(model, "vision_cfg")) : timm(model.object("vision_cfg"), timm);
        boolean sigLip = vision.family() == ClipConfig.Family.SIGLIP;
        JsonTree text = sigLip ? model.object("text_cfg") : tower(model, "text_cfg");
        int textWidth = text.whole("width", 512);
        ClipConfig.Text transformer = new ClipConfig.Text(
                text.whole("context_length", 77),
                text.whole("vocab_size", 49408),
                textWidth,
                text.whole("heads", 8),
                text.whole("layers", 12),
                mlpWidth(text, textWidth),
                sigLip);
        // open_clip's default is the exact GELU
        MlpActivation activation = model.flag("quick_gelu", false) ? MlpActivation.QUICK_GELU : MlpActivation.GELU;
        Optional<MlpActivation> ofText = sigLip ? Optional.of(sigLipText(text)) : Optional.empty();
        requireKnown("text_cfg", text, "pad_id", "hf_tokenizer_name", "tokenizer_kwargs");
        ClipConfig architecture = new ClipConfig(model.whole("embed_dim"), vision, transformer);
        requireKnown("model_cfg", model, "custom_text", "init_logit_scale", sigLip ? "init_logit_bias" : "");
        PreprocessConfig pixels = json.has("preprocess_cfg")
                ? preprocessing(json.object("preprocess_cfg"), vision.imageSize())
                : sigLip
                        ? PreprocessConfig.squash(vision.imageSize(), BICUBIC) // also SigLIP 2
                        : PreprocessConfig.published(architecture);
        if (!sigLip) {
            return new ModelConfig(FILE, architecture, Optional.of(activation), pixels);
        }
        Require.that(activation == MlpActivation.GELU, "model_cfg.quick_gelu: expected false of SigLIP, got true");
        return new ModelConfig(
                FILE,
                architecture,
                Optional.of(TANH_TOWER.matcher(timm).matches() ? MlpActivation.GELU_TANH : activation),
                ofText,
                pixels,
                ModelVocabulary.of(folder, Optional.of(ModelVocabulary.cleaning(text))));
    }

    /** Checks what makes a text tower SigLIP's, and returns its activation. */
    private static MlpActivation sigLipText(JsonTree text) {
        for (String flag : List.of("no_causal_mask", "proj_bias")) {
            Require.that(text.flag(flag, false), "text_cfg.%s: expected true of SigLIP, got false", flag);
        }
        text.choice("pool_type", "tok", "last");
        Require.that(text.text("pool_type").equals("last"), "text_cfg.pool_type: expected last of SigLIP, got tok");
        requireOnly(text, "norm_kwargs", Map.of("eps", 1e-6));
        if (!text.has("act_kwargs")) {
            return MlpActivation.GELU;
        }
        requireOnly(text, "act_kwargs", Map.of("approximate", "tanh"));
        return MlpActivation.GELU_TANH;
    }

    private static void requireOnly(JsonTree text, String name, Map<String, ?> expected) {
        Object fields = text.objectOrNone(name).fields();
        Require.that(fields.equals(expected), "text_cfg.%s: expected %s of SigLIP, got %s", name, expected, fields);
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

    /** Returns timm's Perception Encoder or SigLIP of a name, with other sizes where the configuration has some. */
    private static ClipConfig.Vision timm(JsonTree vision, String name) {
        ClipConfig.Vit named = (ClipConfig.Vit) PublishedModels.ofTimm(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        ("vision_cfg.%s = %s is not supported: expected CLIP's own tower, or one such as"
                                        + " vit_pe_core_base_patch16_224 or vit_base_patch16_siglip_224")
                                .formatted(TIMM_NAME, vision.text(TIMM_NAME))))
                .vision();
        boolean sigLip = named.family() == ClipConfig.Family.SIGLIP;
        Require.that(
                vision.text("timm_pool").equals("map"), "timm_pool: expected map, got %s", vision.text("timm_pool"));
        Require.that(
                !sigLip || vision.text("timm_proj").equals("none"),
                "timm_proj: expected none of SigLIP, got %s",
                vision.fields().get("timm_proj"));
        JsonTree sizes = vision.objectOrNone(TIMM_SIZES);
        int width = sizes.whole("embed_dim", named.width());
        int heads = sizes.whole("num_heads", named.heads());
        int mlpWidth = sizes.has("mlp_ratio") || width != named.width()
                ? (int) (width * sizes.number("mlp_ratio", (double) named.mlpWidth() / named.width()))
                : named.mlpWidth();
        boolean classToken =
                !sigLip && sizes.flag("class_token", named.pooling().classToken());
        ClipConfig.Vit vit = new ClipConfig.Vit(
                sizes.whole("img_size", named.imageSize()),
                sizes.whole("patch_size", named.patchSize()),
                width,
                sizes.whole("depth", named.layers()),
                heads,
                mlpWidth,
                sigLip
                        ? new ClipConfig.Pooling(false, false, heads, mlpWidth)
                        : new ClipConfig.Pooling(
                                classToken,
                                true,
                                sizes.whole(
                                        "attn_pool_num_heads", named.pooling().poolHeads()),
                                (int) (width * sizes.number("attn_pool_mlp_ratio", 4))));
        if (sigLip) {
            Require.that(
                    imageSize(vision) == vit.imageSize(),
                    "vision_cfg: expected the image_size of the image tower (%d), got %d",
                    vit.imageSize(),
                    imageSize(vision));
            requireNoOthers(vision, sizes);
            return vit;
        }
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
        requireNoOthers(vision, sizes);
        return vit;
    }

    private static void requireNoOthers(JsonTree vision, JsonTree sizes) {
        requireKnown("vision_cfg", vision, "timm_model_pretrained", TIMM_NAME);
        Require.that(
                sizes.unread().isEmpty(),
                "%s: expected no other fields than %s, got %s",
                TIMM_SIZES,
                new TreeSet<>(sizes.asked()),
                sizes.fields().keySet());
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
