package org.coop4j.weights.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.weights.WeightsException;
import org.coop4j.weights.checkpoint.JsonFile;

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

    private final ConfigReader reader;
    private final ObjectNode root;

    private HuggingFaceConfig(ConfigReader reader, ObjectNode root) {
        this.reader = reader;
        this.root = root;
    }

    static ModelConfig read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        ObjectNode root = JsonFile.read(file);
        String type = root.path("model_type").asText("clip");
        if (!type.equals("clip")) {
            throw WeightsException.in(file, "model_type is \"" + type + "\", not clip");
        }
        return new HuggingFaceConfig(new ConfigReader(file), root).config(folder);
    }

    private ModelConfig config(Path folder) throws IOException {
        JsonNode text = tower("text_config");
        JsonNode vision = tower("vision_config");
        requireEpsilon(text);
        requireEpsilon(vision);
        if (reader.integer(vision, "num_channels", 3) != 3) {
            throw reader.problem("num_channels is not 3");
        }
        Map<String, Object> dimensions = new LinkedHashMap<>();
        dimensions.put("embed_dim", reader.integer(root, "projection_dim", 512));
        int imageSize = reader.integer(vision, "image_size", 224);
        dimensions.put("vision image_size", imageSize);
        dimensions.put("vision width", reader.integer(vision, "hidden_size", 768));
        dimensions.put("vision patch_size", reader.integer(vision, "patch_size", 32));
        dimensions.put("vision layers", reader.integer(vision, "num_hidden_layers", 12));
        dimensions.put("vision mlp_width", reader.integer(vision, "intermediate_size", 3072));
        dimensions.put("text context_length", reader.integer(text, "max_position_embeddings", 77));
        dimensions.put("text vocabulary_size", reader.integer(text, "vocab_size", 49408));
        dimensions.put("text width", reader.integer(text, "hidden_size", 512));
        dimensions.put("text layers", reader.integer(text, "num_hidden_layers", 12));
        dimensions.put("text mlp_width", reader.integer(text, "intermediate_size", 2048));
        return new ModelConfig(
                FILE,
                activation(text, vision),
                OptionalInt.of(reader.integer(vision, "num_attention_heads", 12)),
                OptionalInt.of(reader.integer(text, "num_attention_heads", 8)),
                preprocessing(folder, imageSize),
                dimensions);
    }

    /**
     * A tower's fields: those of {@code X_config}, overridden by those of {@code X_config_dict}.
     */
    private ObjectNode tower(String name) throws WeightsException {
        ObjectNode merged = JsonNodeFactory.instance.objectNode();
        for (String key : new String[] {name, name + "_dict"}) {
            JsonNode part = root.path(key);
            if (part instanceof ObjectNode object) {
                merged.setAll(object);
            } else if (!part.isMissingNode() && !part.isNull()) {
                throw reader.problem(key + " is no object");
            }
        }
        return merged;
    }

    private Optional<Activation> activation(JsonNode text, JsonNode vision)
            throws WeightsException {
        Activation ofText = activation(text);
        Activation ofVision = activation(vision);
        if (ofText != ofVision) {
            throw reader.problem(
                    "the towers differ in %s: %s in text, %s in vision"
                            .formatted(ACTIVATION, ofText.id(), ofVision.id()));
        }
        boolean certain = isCertain("text_config") && isCertain("vision_config");
        return certain ? Optional.of(ofText) : Optional.empty();
    }

    private Activation activation(JsonNode tower) throws WeightsException {
        JsonNode value = tower.path(ACTIVATION);
        try {
            return value.isMissingNode() ? Activation.QUICK_GELU : Activation.named(value.asText());
        } catch (WeightsException e) {
            throw new WeightsException(reader.file() + ": " + e.getMessage(), e);
        }
    }

    /**
     * False when {@code X_config_dict} is there without an activation and {@code X_config} names
     * another than the default: transformers would let the default win, which its author hardly
     * meant.
     */
    private boolean isCertain(String name) {
        JsonNode override = root.path(name + "_dict");
        String base = root.path(name).path(ACTIVATION).asText(Activation.QUICK_GELU.id());
        return !override.isObject()
                || override.has(ACTIVATION)
                || base.equals(Activation.QUICK_GELU.id());
    }

    private void requireEpsilon(JsonNode tower) throws WeightsException {
        double epsilon = reader.number(tower, "layer_norm_eps", EPSILON);
        if (epsilon != EPSILON) {
            throw reader.problem("layer_norm_eps is " + epsilon + "; only 1e-5 is supported");
        }
    }

    /** Without the file these are the constants of transformers' {@code CLIPImageProcessor}. */
    private static Preprocessing preprocessing(Path folder, int imageSize) throws IOException {
        Path file = folder.resolve(PREPROCESSOR);
        if (!Files.isRegularFile(file)) {
            return Preprocessing.openAi(imageSize);
        }
        ConfigReader reader = new ConfigReader(file);
        JsonNode json = JsonFile.read(file);
        if (reader.integer(json, "resample", PIL_BICUBIC) != PIL_BICUBIC) {
            throw reader.problem("resample is " + json.path("resample") + ", not 3 (bicubic)");
        }
        for (String step : new String[] {"do_resize", "do_center_crop", "do_normalize"}) {
            if (!json.path(step).asBoolean(true)) {
                throw reader.problem(step + " is false; CLIP's preprocessing is wanted");
            }
        }
        JsonNode crop = sized(json, "crop_size", "height");
        int size = reader.integer(crop, "height", imageSize);
        int shorterSide =
                reader.integer(sized(json, "size", "shortest_edge"), "shortest_edge", size);
        if (json.path("size").has("height")
                || shorterSide != size
                || reader.integer(crop, "width", size) != size) {
            throw reader.problem(
                    "size %s and crop_size %s: the shorter side must be resized to what is cropped"
                            .formatted(json.path("size"), json.path("crop_size")));
        }
        Preprocessing defaults = Preprocessing.openAi(imageSize);
        try {
            return new Preprocessing(
                    size,
                    json.has("image_mean")
                            ? Preprocessing.numbers(json, "image_mean")
                            : defaults.mean(),
                    json.has("image_std")
                            ? Preprocessing.numbers(json, "image_std")
                            : defaults.std());
        } catch (IllegalArgumentException e) {
            throw new WeightsException(file + ": " + e.getMessage(), e);
        }
    }

    /** The field as an object {@code {key: n}}, whether it is that or the number n alone. */
    private static JsonNode sized(JsonNode json, String field, String key) {
        JsonNode value = json.path(field);
        return value.isInt() ? JsonNodeFactory.instance.objectNode().set(key, value) : value;
    }
}
