package org.coop4j.model.convert;

import static org.coop4j.model.PreprocessConfig.Interpolation.BICUBIC;
import static org.coop4j.model.PreprocessConfig.Interpolation.BILINEAR;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.convert.ModelSource.ModelConfig;

/**
 * Reads {@code config.json} and {@code preprocessor_config.json} of a Hugging Face {@code CLIPModel} or {@code
 * SiglipModel}. A missing field has the default of transformers' {@code CLIPConfig} or {@code SiglipConfig}, which are
 * the values of ViT-B/32 and of SigLIP B/16.
 */
final class HuggingFaceConfig {
    static final String FILE = "config.json";
    static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String TEXT = "text_config";
    private static final String VISION = "vision_config";
    private static final String ACTIVATION = "hidden_act";
    private static final int PIL_BILINEAR = 2;
    private static final int PIL_BICUBIC = 3;
    private static final ClipConfig.Text CLIP_TEXT = new ClipConfig.Text(77, 49408, 512, 8, 12, 2048);
    private static final ClipConfig.Text SIGLIP_TEXT = new ClipConfig.Text(64, 32000, 768, 12, 12, 3072, true);

    private HuggingFaceConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return JsonTree.read(folder.resolve(FILE), json -> config(json, folder));
    }

    private static ModelConfig config(JsonTree json, Path folder) throws IOException {
        Require.that(
                !json.anyText("model_type").equals(Optional.of("siglip2")),
                "a SigLIP 2 of any resolution (NaFlex) is not supported: use one of a fixed resolution, such as"
                        + " hf:google/siglip2-base-patch16-224");
        boolean sigLip = json.choice("model_type", "clip", "siglip").equals("siglip");
        Require.that(
                !json.has("auto_map"),
                "auto_map: the model has Python code of its own, which is not run: use its form of open_clip");
        Require.that(
                !json.has("architecture") || !json.has("num_classes"),
                "an image tower of timm, expected a model of images and texts: use open_clip's, such as"
                        + " hf:timm/PE-Core-B-16");
        double epsilon = sigLip ? 1e-6 : 1e-5;
        JsonTree text = tower(json, TEXT, epsilon);
        JsonTree vision = tower(json, VISION, epsilon);
        vision.expect("num_channels", 3);
        int heads = vision.whole("num_attention_heads", 12);
        int mlpWidth = vision.whole("intermediate_size", 3072);
        Require.that(
                vision.flag("vision_use_head", true), "vision_use_head: expected true, SigLIP's attention pooling");
        ClipConfig.Vit vit = new ClipConfig.Vit(
                vision.whole("image_size", 224),
                vision.whole("patch_size", sigLip ? 16 : 32),
                vision.whole("hidden_size", 768),
                vision.whole("num_hidden_layers", 12),
                heads,
                mlpWidth,
                sigLip ? new ClipConfig.Pooling(false, false, heads, mlpWidth) : null);
        ClipConfig.Text defaults = sigLip ? SIGLIP_TEXT : CLIP_TEXT;
        ClipConfig.Text transformer = new ClipConfig.Text(
                text.whole("max_position_embeddings", defaults.contextLength()),
                text.whole("vocab_size", defaults.vocabularySize()),
                text.whole("hidden_size", defaults.width()),
                text.whole("num_attention_heads", defaults.heads()),
                text.whole("num_hidden_layers", defaults.layers()),
                text.whole("intermediate_size", defaults.mlpWidth()),
                sigLip);
        int embedDim = sigLip
                ? text.whole("projection_size", transformer.width())
                : json.whole("projection_dim", CLIP_TEXT.width());
        ClipConfig architecture = new ClipConfig(embedDim, vit, transformer);
        Path preprocessor = folder.resolve(PREPROCESSOR);
        PreprocessConfig pixels = Files.isRegularFile(preprocessor)
                ? JsonTree.read(
                        preprocessor,
                        fields -> sigLip ? squashed(fields, vit.imageSize()) : preprocessing(fields, vit.imageSize()))
                : PreprocessConfig.published(architecture); // CLIP's as CLIPImageProcessor of transformers
        return sigLip
                ? new ModelConfig(
                        FILE,
                        architecture,
                        Optional.of(sigLipActivation(vision)),
                        Optional.of(sigLipActivation(text)),
                        pixels,
                        ModelVocabulary.of(folder, Optional.empty()))
                : new ModelConfig(FILE, architecture, activation(json, text, vision), pixels);
    }

    private static MlpActivation sigLipActivation(JsonTree tower) {
        return tower.choice(ACTIVATION, "gelu_pytorch_tanh", "gelu").equals("gelu")
                ? MlpActivation.GELU
                : MlpActivation.GELU_TANH;
    }

    /** Returns a tower's fields: those of {@code X_config}, overridden by those of {@code X_config_dict}. */
    private static JsonTree tower(JsonTree json, String name, double epsilon) {
        Map<Object, Object> merged = new LinkedHashMap<>();
        for (String key : List.of(name, name + "_dict")) {
            if (json.has(key)) {
                merged.putAll(json.object(key).fields());
            }
        }
        JsonTree tower = new JsonTree("", merged);
        tower.expect("layer_norm_eps", epsilon);
        return tower;
    }

    private static Optional<MlpActivation> activation(JsonTree json, JsonTree text, JsonTree vision) {
        MlpActivation ofText = activation(text);
        MlpActivation ofVision = activation(vision);
        Require.that(
                ofText == ofVision,
                "the towers differ in %s: %s in text, %s in vision",
                ACTIVATION,
                ofText.id(),
                ofVision.id());
        return isCertain(json, TEXT) && isCertain(json, VISION) ? Optional.of(ofText) : Optional.empty();
    }

    private static MlpActivation activation(JsonTree tower) {
        return MlpActivation.valueOf(
                tower.choice(ACTIVATION, "quick_gelu", "gelu").toUpperCase(Locale.ROOT));
    }

    /**
     * Returns false if {@code X_config_dict} is there without an activation and {@code X_config} names another than the
     * default: transformers would then use the default, and that can hardly be intended.
     */
    private static boolean isCertain(JsonTree json, String name) {
        JsonTree overriding = json.objectOrNone(name + "_dict");
        return !json.has(name + "_dict")
                || overriding.has(ACTIVATION)
                || activation(json.objectOrNone(name)) == MlpActivation.QUICK_GELU;
    }

    private static PreprocessConfig preprocessing(JsonTree json, int imageSize) {
        json.expect("resample", PIL_BICUBIC);
        requireSteps(json, "do_resize", "do_center_crop", "do_normalize");
        JsonTree crop = sized(json, "crop_size", "height");
        int size = crop.whole("height", imageSize);
        JsonTree resize = sized(json, "size", "shortest_edge");
        Require.that(
                !resize.has("height")
                        && resize.whole("shortest_edge", size) == size
                        && crop.whole("width", size) == size,
                "size %s and crop_size %s: expected the shorter side at the crop's size",
                json.fields().get("size"),
                json.fields().get("crop_size"));
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        return new PreprocessConfig(
                size,
                json.numbers("image_mean", defaults.mean()),
                json.numbers("image_std", defaults.std()),
                false,
                defaults.interpolation());
    }

    /** Returns the preprocessing of a {@code SiglipImageProcessor}. */
    private static PreprocessConfig squashed(JsonTree json, int imageSize) {
        requireSteps(json, "do_resize", "do_rescale", "do_normalize");
        int filter = json.whole("resample", PIL_BICUBIC);
        Require.that(
                filter == PIL_BICUBIC || filter == PIL_BILINEAR,
                "resample: expected 3 (bicubic) or 2 (bilinear), got %s",
                filter);
        JsonTree size = json.objectOrNone("size");
        Require.that(
                size.whole("height", imageSize) == imageSize && size.whole("width", imageSize) == imageSize,
                "size %s: expected both sides of the image tower's %d pixels",
                size.fields(),
                imageSize);
        PreprocessConfig defaults = PreprocessConfig.squash(imageSize, filter == PIL_BICUBIC ? BICUBIC : BILINEAR);
        return new PreprocessConfig(
                imageSize,
                json.numbers("image_mean", defaults.mean()),
                json.numbers("image_std", defaults.std()),
                true,
                defaults.interpolation());
    }

    private static void requireSteps(JsonTree json, String... steps) {
        for (String step : steps) {
            Require.that(json.flag(step, true), "%s: expected true, as in the model's own preprocessing", step);
        }
    }

    /** Returns the field as an object {@code {key: n}}, whether it is that or the number n alone. */
    private static JsonTree sized(JsonTree json, String field, String key) {
        return json.fields().get(field) instanceof Integer size
                ? new JsonTree(field + ".", Map.of(key, size))
                : json.objectOrNone(field);
    }
}
