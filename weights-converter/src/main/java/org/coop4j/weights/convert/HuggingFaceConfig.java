package org.coop4j.weights.convert;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.checkpoint.JsonFile;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * Reads {@code config.json} and {@code preprocessor_config.json} of a Hugging Face {@code
 * CLIPModel}. A missing field has the value that {@code CLIPConfig} of transformers gives it, which
 * is ViT-B/32's.
 */
final class HuggingFaceConfig {
    static final String FILE = "config.json";
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String ACTIVATION = "hidden_act";
    private static final double EPSILON = 1e-5;
    private static final int PIL_BICUBIC = 3;

    private final JsonFile json;

    private HuggingFaceConfig(JsonFile json) {
        this.json = json;
    }

    static ModelConfig read(Path folder) throws IOException {
        JsonFile json = JsonFile.read(folder.resolve(FILE));
        String type = json.root().path("model_type").asText("clip");
        if (!type.equals("clip")) {
            throw json.problem("model_type: expected clip, got \"" + type + "\"");
        }
        try {
            return new HuggingFaceConfig(json).config(folder);
        } catch (IllegalArgumentException e) {
            throw new InputException(json.file() + ": " + e.getMessage(), e);
        }
    }

    private ModelConfig config(Path folder) throws IOException {
        JsonNode text = tower("text_config");
        JsonNode vision = tower("vision_config");
        requireEpsilon(text);
        requireEpsilon(vision);
        int channels = json.integer(vision, "num_channels", 3);
        if (channels != 3) {
            throw json.problem("num_channels: expected 3, got " + channels);
        }
        ClipConfig.Vit vit =
                new ClipConfig.Vit(
                        json.integer(vision, "image_size", 224),
                        json.integer(vision, "patch_size", 32),
                        json.integer(vision, "hidden_size", 768),
                        json.integer(vision, "num_hidden_layers", 12),
                        json.integer(vision, "num_attention_heads", 12),
                        json.integer(vision, "intermediate_size", 3072));
        ClipConfig.Text transformer =
                new ClipConfig.Text(
                        json.integer(text, "max_position_embeddings", 77),
                        json.integer(text, "vocab_size", 49408),
                        json.integer(text, "hidden_size", 512),
                        json.integer(text, "num_attention_heads", 8),
                        json.integer(text, "num_hidden_layers", 12),
                        json.integer(text, "intermediate_size", 2048));
        int embedDim = json.integer(json.root(), "projection_dim", 512);
        return new ModelConfig(
                FILE,
                new ClipConfig(embedDim, vit, transformer),
                activation(text, vision),
                preprocessing(folder, vit.imageSize()));
    }

    /**
     * A tower's fields: those of {@code X_config}, overridden by those of {@code X_config_dict}.
     */
    private ObjectNode tower(String name) throws InputException {
        ObjectNode merged = JsonNodeFactory.instance.objectNode();
        for (String key : new String[] {name, name + "_dict"}) {
            JsonNode part = json.root().path(key);
            if (part instanceof ObjectNode object) {
                merged.setAll(object);
            } else if (!part.isMissingNode() && !part.isNull()) {
                throw json.problem(key + ": expected an object, got " + part);
            }
        }
        return merged;
    }

    private Optional<MlpActivation> activation(JsonNode text, JsonNode vision)
            throws InputException {
        MlpActivation ofText = activation(text);
        MlpActivation ofVision = activation(vision);
        if (ofText != ofVision) {
            throw json.problem(
                    "the towers differ in %s: %s in text, %s in vision"
                            .formatted(ACTIVATION, ofText.id(), ofVision.id()));
        }
        boolean certain = isCertain("text_config") && isCertain("vision_config");
        return certain ? Optional.of(ofText) : Optional.empty();
    }

    private MlpActivation activation(JsonNode tower) throws InputException {
        JsonNode value = tower.path(ACTIVATION);
        try {
            return value.isMissingNode()
                    ? MlpActivation.QUICK_GELU
                    : MlpActivation.named(value.asText());
        } catch (InputException e) {
            throw new InputException(json.file() + ": " + e.getMessage(), e);
        }
    }

    /**
     * False when {@code X_config_dict} is there without an activation and {@code X_config} names
     * another than the default: transformers would let the default win, which its author hardly
     * meant.
     */
    private boolean isCertain(String name) {
        JsonNode override = json.root().path(name + "_dict");
        String base = json.root().path(name).path(ACTIVATION).asText(MlpActivation.QUICK_GELU.id());
        return !override.isObject()
                || override.has(ACTIVATION)
                || base.equals(MlpActivation.QUICK_GELU.id());
    }

    private void requireEpsilon(JsonNode tower) throws InputException {
        double epsilon = json.number(tower, "layer_norm_eps", EPSILON);
        if (epsilon != EPSILON) {
            throw json.problem("layer_norm_eps: expected 1e-5, got " + epsilon);
        }
    }

    /** Without the file these are the constants of transformers' {@code CLIPImageProcessor}. */
    private static PreprocessConfig preprocessing(Path folder, int imageSize) throws IOException {
        Path file = folder.resolve(PREPROCESSOR);
        if (!Files.isRegularFile(file)) {
            return PreprocessConfig.openAi(imageSize);
        }
        JsonFile json = JsonFile.read(file);
        JsonNode root = json.root();
        if (json.integer(root, "resample", PIL_BICUBIC) != PIL_BICUBIC) {
            throw json.problem("resample: expected 3 (bicubic), got " + root.path("resample"));
        }
        for (String step : new String[] {"do_resize", "do_center_crop", "do_normalize"}) {
            if (!root.path(step).asBoolean(true)) {
                throw json.problem(step + ": expected true, as CLIP's preprocessing has it");
            }
        }
        JsonNode crop = sized(root, "crop_size", "height");
        int size = json.integer(crop, "height", imageSize);
        int shorterSide = json.integer(sized(root, "size", "shortest_edge"), "shortest_edge", size);
        if (root.path("size").has("height")
                || shorterSide != size
                || json.integer(crop, "width", size) != size) {
            throw json.problem(
                    "size %s and crop_size %s: the shorter side must be resized to what is cropped"
                            .formatted(root.path("size"), root.path("crop_size")));
        }
        PreprocessConfig defaults = PreprocessConfig.openAi(imageSize);
        try {
            return new PreprocessConfig(
                    size,
                    root.has("image_mean")
                            ? ModelConfig.numbers(root.path("image_mean"))
                            : defaults.mean(),
                    root.has("image_std")
                            ? ModelConfig.numbers(root.path("image_std"))
                            : defaults.std());
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }

    /** The field as an object {@code {key: n}}, whether it is that or the number n alone. */
    private static JsonNode sized(JsonNode json, String field, String key) {
        JsonNode value = json.path(field);
        return value.isInt() ? JsonNodeFactory.instance.objectNode().set(key, value) : value;
    }
}
