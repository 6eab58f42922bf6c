package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * Reads {@code config.json} and {@code preprocessor_config.json} of a Hugging Face {@code CLIPModel}. A missing field
 * has the value that {@code CLIPConfig} of transformers gives it, which is ViT-B/32's.
 */
final class HuggingFaceConfig {
    static final String FILE = "config.json";
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String ACTIVATION = "hidden_act";
    private static final double EPSILON = 1e-5;
    private static final int PIL_BICUBIC = 3;

    private HuggingFaceConfig() {}

    static ModelConfig read(Path folder) throws IOException {
        return ModelConfig.read(folder.resolve(FILE), json -> config(json, folder));
    }

    private static ModelConfig config(JsonTree json, Path folder) throws IOException {
        String type = json.text("model_type", "clip");
        if (!type.equals("clip")) {
            throw new IllegalArgumentException("model_type: expected clip, got \"" + type + "\"");
        }
        JsonTree text = tower(json, "text_config");
        JsonTree vision = tower(json, "vision_config");
        int channels = vision.whole("num_channels", 3);
        if (channels != 3) {
            throw new IllegalArgumentException("num_channels: expected 3, got " + channels);
        }
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
        return new ModelConfig(
                FILE,
                new ClipConfig(json.whole("projection_dim", 512), vit, transformer),
                activation(json, text, vision),
                preprocessing(folder, vit.imageSize()));
    }

    /** Returns a tower's fields: those of {@code X_config}, overridden by those of {@code X_config_dict}. */
    private static JsonTree tower(JsonTree json, String name) {
        Map<Object, Object> merged = new LinkedHashMap<>();
        for (String key : new String[] {name, name + "_dict"}) {
            if (json.has(key)) {
                merged.putAll(json.object(key).fields());
            }
        }
        JsonTree tower = new JsonTree("", merged);
        double epsilon = tower.number("layer_norm_eps", EPSILON);
        if (epsilon != EPSILON) {
            throw new IllegalArgumentException("layer_norm_eps: expected 1e-5, got " + epsilon);
        }
        return tower;
    }

    private static Optional<MlpActivation> activation(JsonTree json, JsonTree text, JsonTree vision) {
        MlpActivation ofText = activation(text);
        MlpActivation ofVision = activation(vision);
        if (ofText != ofVision) {
            throw new IllegalArgumentException("the towers differ in %s: %s in text, %s in vision"
                    .formatted(ACTIVATION, ofText.id(), ofVision.id()));
        }
        return isCertain(json, "text_config") && isCertain(json, "vision_config")
                ? Optional.of(ofText)
                : Optional.empty();
    }

    private static MlpActivation activation(JsonTree tower) {
        try {
            return MlpActivation.named(tower.text(ACTIVATION, MlpActivation.QUICK_GELU.id()));
        } catch (InputException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * False when {@code X_config_dict} is there without an activation and {@code X_config} names another than the
     * default: transformers would let the default win, which its author hardly meant.
     */
    private static boolean isCertain(JsonTree json, String name) {
        String base = json.objectOrNone(name).text(ACTIVATION, MlpActivation.QUICK_GELU.id());
        return !json.has(name + "_dict")
                || json.objectOrNone(name + "_dict").has(ACTIVATION)
                || base.equals(MlpActivation.QUICK_GELU.id());
    }

    /** Without the file these are the constants of transformers' {@code CLIPImageProcessor}. */
    private static PreprocessConfig preprocessing(Path folder, int imageSize) throws IOException {
        Path file = folder.resolve(PREPROCESSOR);
        return Files.isRegularFile(file)
                ? ModelConfig.read(file, json -> preprocessing(json, imageSize))
                : PreprocessConfig.openAi(imageSize);
    }

    private static PreprocessConfig preprocessing(JsonTree json, int imageSize) {
        int resample = json.whole("resample", PIL_BICUBIC);
        if (resample != PIL_BICUBIC) {
            throw new IllegalArgumentException("resample: expected 3 (bicubic), got " + resample);
        }
        for (String step : new String[] {"do_resize", "do_center_crop", "do_normalize"}) {
            if (!json.flag(step, true)) {
                throw new IllegalArgumentException(step + ": expected true, as CLIP's preprocessing has it");
            }
        }
        JsonTree crop = sized(json, "crop_size", "height");
        int size = crop.whole("height", imageSize);
        JsonTree resize = sized(json, "size", "shortest_edge");
        if (resize.has("height") || resize.whole("shortest_edge", size) != size || crop.whole("width", size) != size) {
            throw new IllegalArgumentException(
                    "size %s and crop_size %s: the shorter side must be resized to what is cropped"
                            .formatted(json.fields().get("size"), json.fields().get("crop_size")));
        }
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        return new PreprocessConfig(
                size,
                json.has("image_mean") ? json.numbers("image_mean") : defaults.mean(),
                json.has("image_std") ? json.numbers("image_std") : defaults.std());
    }

    /** Returns the field as an object {@code {key: n}}, whether it is that or the number n alone. */
    private static JsonTree sized(JsonTree json, String field, String key) {
        return json.fields().get(field) instanceof Integer size
                ? new JsonTree(field + ".", Map.of(key, size))
                : json.objectOrNone(field);
    }
}
