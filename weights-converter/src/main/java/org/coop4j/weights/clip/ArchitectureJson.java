package org.coop4j.weights.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.WeightsException;

/** The architecture in a converted file's metadata. */
final class ArchitectureJson {
    private static final String VIT = "vit";
    private static final String RESNET = "modified_resnet";

    private ArchitectureJson() {}

    static String write(ClipArchitecture architecture) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("embed_dim", architecture.embedDim());
        ObjectNode vision = json.putObject("vision");
        if (architecture.vision() instanceof Vit vit) {
            vision.put("type", VIT)
                    .put("image_size", vit.imageSize())
                    .put("patch_size", vit.patchSize())
                    .put("width", vit.width())
                    .put("layers", vit.layers())
                    .put("heads", vit.heads())
                    .put("mlp_width", vit.mlpWidth());
        } else if (architecture.vision() instanceof ModifiedResNet resNet) {
            vision.put("type", RESNET).put("image_size", resNet.imageSize());
            ArrayNode layers = vision.putArray("layers");
            resNet.layers().forEach(layers::add);
            vision.put("width", resNet.width()).put("heads", resNet.heads());
        }
        TextArchitecture text = architecture.text();
        json.putObject("text")
                .put("context_length", text.contextLength())
                .put("vocabulary_size", text.vocabularySize())
                .put("width", text.width())
                .put("heads", text.heads())
                .put("layers", text.layers())
                .put("mlp_width", text.mlpWidth());
        return json.toString();
    }

    static ClipArchitecture read(String text) throws WeightsException {
        JsonNode json = MetadataJson.parse(text);
        try {
            return new ClipArchitecture(
                    number(json, "embed_dim"),
                    vision(json.path("vision")),
                    text(json.path("text")));
        } catch (IllegalArgumentException e) {
            throw new WeightsException("impossible architecture: " + e.getMessage(), e);
        }
    }

    private static VisionArchitecture vision(JsonNode json) throws WeightsException {
        String type = json.path("type").asText();
        return switch (type) {
            case VIT ->
                    new Vit(
                            number(json, "image_size"),
                            number(json, "patch_size"),
                            number(json, "width"),
                            number(json, "layers"),
                            number(json, "heads"),
                            number(json, "mlp_width"));
            case RESNET -> {
                List<Integer> layers = new ArrayList<>();
                for (JsonNode count : json.path("layers")) {
                    layers.add(count.asInt());
                }
                yield new ModifiedResNet(
                        number(json, "image_size"),
                        layers,
                        number(json, "width"),
                        number(json, "heads"));
            }
            default -> throw new WeightsException("unknown image tower \"" + type + "\"");
        };
    }

    private static TextArchitecture text(JsonNode json) throws WeightsException {
        return new TextArchitecture(
                number(json, "context_length"),
                number(json, "vocabulary_size"),
                number(json, "width"),
                number(json, "heads"),
                number(json, "layers"),
                number(json, "mlp_width"));
    }

    private static int number(JsonNode json, String field) throws WeightsException {
        JsonNode value = json.path(field);
        if (!value.isInt()) {
            throw new WeightsException("the architecture lacks a whole number " + field);
        }
        return value.intValue();
    }
}
