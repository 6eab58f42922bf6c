package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;
import org.coop4j.weights.convert.ModelSource.ModelConfig;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * Reads {@code config.json} and {@code preprocessor_config.json} of a Hugging Face {@code CLIPModel}. A missing field
 * has the default of transformers' {@code CLIPConfig}, which is ViT-B/32's value.
 */
final class HuggingFaceConfig {
    static final String FILE = "config.json";
    private static final String TEXT = "text_config";
    private static final String VISION = "vision_config";
    private static final String ACTIVATION = "hidden_act";
    private static final int PIL_BICUBIC = 3;

    private HuggingFaceConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return JsonTree.read(folder.resolve(FILE), json -> config(json, folder));
    }

    private static ModelConfig config(JsonTree json, Path folder) throws IOException {
        json.choice("model_type", "clip");
        Require.that(
                !json.has("architecture") || !json.has("num_classes"),
                "an image tower of timm, expected a model of images and texts: use open_clip's, such as"
                        + " hf:timm/PE-Core-B-16");
        JsonTree text = tower(json, TEXT);
        JsonTree vision = tower(json, VISION);
        vision.expect("num_channels", 3);
        ClipConfig.Vit vit = new ClipConfig.Vit(
                vision.whole("image_size", 224),
                vision.whole("patch_size", 32),
                vision.whole("hidden_size", 768),
                vision.whole("num_hidden_layers", 12),
                vision.whole("num_attention_heads", 12),
                vision.whole("intermediate_size", 3072));
        ClipConfig.Text transformer = new ClipConfig.Text(
                text.whole("max_position_embeddings", 77),
                text.whole("vocab_size", 49408),
                text.whole("hidden_size", 512),
                text.whole("num_attention_heads", 8),
                text.whole("num_hidden_layers", 12),
                text.whole("intermediate_size", 2048));
        Path preprocessor = folder.resolve("preprocessor_config.json");
        return new ModelConfig(
                FILE,
                new ClipConfig(json.whole("projection_dim", 512), vit, transformer),
                activation(json, text, vision),
                Files.isRegularFile(preprocessor)
                        ? JsonTree.read(preprocessor, fields -> preprocessing(fields, vit.imageSize()))
                        : PreprocessConfig.openAi(vit.imageSize())); // as CLIPImageProcessor of transformers
    }

    /** Returns a tower's fields: those of {@code X_config}, overridden by those of {@code X_config_dict}. */
    private static JsonTree tower(JsonTree json, String name) {
        Map<Object, Object> merged = new LinkedHashMap<>();
        for (String key : List.of(name, name + "_dict")) {
            if (json.has(key)) {
                merged.putAll(json.object(key).fields());
            }
        }
        JsonTree tower = new JsonTree("", merged);
        tower.expect("layer_norm_eps", 1e-5);
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
        return tower.choice(ACTIVATION, MlpActivation.class);
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
        for (String step : List.of("do_resize", "do_center_crop", "do_normalize")) {
            Require.that(json.flag(step, true), "%s: expected true, as in CLIP's preprocessing", step);
        }
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

    /** Returns the field as an object {@code {key: n}}, whether it is that or the number n alone. */
    private static JsonTree sized(JsonTree json, String field, String key) {
        return json.fields().get(field) instanceof Integer size
                ? new JsonTree(field + ".", Map.of(key, size))
                : json.objectOrNone(field);
    }
}
