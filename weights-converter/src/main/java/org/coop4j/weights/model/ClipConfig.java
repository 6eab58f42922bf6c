package org.coop4j.weights.model;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;

/**
 * The dimensions of a CLIP model.
 *
 * @param embedDim width of the features that both towers end in
 * @param vision the image tower
 * @param text the text transformer
 */
public record ClipConfig(int embedDim, Vision vision, Text text) {
    /** Far above any model, and small enough that products of a few stay in range. */
    private static final int MAX = 1 << 22;

    /** So that a file's metadata cannot ask for a list of tensors without end. */
    private static final int MAX_LAYERS = 1_000;

    private static final String VIT = "vit";
    private static final String RESNET = "modified_resnet";

    /** Checks that nothing is missing. */
    public ClipConfig {
        requirePositive("embedding dimension", embedDim);
        if (vision == null || text == null) {
            throw new IllegalArgumentException(
                    "expected a vision and a text tower, got no " + (vision == null ? "vision" : "text"));
        }
    }

    /** The image tower. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({@JsonSubTypes.Type(Vit.class), @JsonSubTypes.Type(ResNet.class)})
    public sealed interface Vision permits Vit, ResNet {
        /** Pixels of a side of the (square) input. */
        int imageSize();

        /** Channels: of the transformer, or of the ResNet's first stage. */
        int width();

        /** Attention heads, in each block or in the attention pooling. */
        int heads();
    }

    /**
     * A vision transformer (CLIP paper, section 2.4).
     *
     * @param imageSize pixels of a side of the input
     * @param patchSize pixels of a side of a patch; divides {@code imageSize}
     * @param width channels of a token
     * @param layers transformer blocks
     * @param heads attention heads; divides {@code width}
     * @param mlpWidth hidden channels of the MLPs
     */
    @JsonTypeName(VIT)
    public record Vit(int imageSize, int patchSize, int width, int layers, int heads, int mlpWidth) implements Vision {
        /** Checks that the dimensions fit together. */
        public Vit {
            requirePositive("image size", imageSize);
            requirePositive("patch size", patchSize);
            requireLayers("vision layers", layers);
            requirePositive("vision MLP width", mlpWidth);
            requireHeads("vision", width, heads);
            if (imageSize % patchSize != 0) {
                throw new IllegalArgumentException("expected an image size that is a multiple of patch size %d, got %d"
                        .formatted(patchSize, imageSize));
            }
        }

        /** Patches along a side. */
        public int grid() {
            return imageSize / patchSize;
        }

        /** Tokens of an image: its patches and the class token. */
        public int tokens() {
            return grid() * grid() + 1;
        }
    }

    /**
     * CLIP's ResNet: three stem convolutions, anti-aliased strides, attention pooling (CLIP paper,
     * section 2.4; {@code ModifiedResNet} in {@code clip/model.py}).
     *
     * @param imageSize pixels of a side of the input; a multiple of 32
     * @param layers bottlenecks in each of the four stages
     * @param width channels of the first stage's bottlenecks
     * @param heads heads of the attention pooling; divides 32 · {@code width}
     */
    @JsonTypeName(RESNET)
    public record ResNet(int imageSize, List<Integer> layers, int width, int heads) implements Vision {
        /** Pixels along a side that become one token of the attention pooling. */
        public static final int STRIDE = 32;

        /** A stage's output has this many times its bottlenecks' channels. */
        static final int EXPANSION = 4;

        /** Checks that the dimensions fit together. */
        public ResNet {
            layers = List.copyOf(layers);
            requirePositive("image size", imageSize);
            if (imageSize % STRIDE != 0) {
                throw new IllegalArgumentException("expected an image size that is a multiple of 32, got " + imageSize);
            }
            if (layers.size() != 4) {
                throw new IllegalArgumentException("expected the layers of 4 ResNet stages, got " + layers);
            }
            layers.forEach(count -> requireLayers("layers of a ResNet stage", count));
            if (width % 2 != 0) {
                throw new IllegalArgumentException("expected an even ResNet width, got " + width);
            }
            requirePositive("ResNet width", width);
            requireHeads("attention pooling", width * STRIDE, heads);
        }

        /** Positions along a side of the last feature map. */
        public int grid() {
            return imageSize / STRIDE;
        }

        /** Channels of the last feature map. */
        public int outputWidth() {
            return width * STRIDE;
        }
    }

    /**
     * The text transformer.
     *
     * @param contextLength positions of a prompt
     * @param vocabularySize tokens of the vocabulary
     * @param width channels of a token
     * @param heads attention heads; divides {@code width}
     * @param layers transformer blocks
     * @param mlpWidth hidden channels of the MLPs
     */
    public record Text(int contextLength, int vocabularySize, int width, int heads, int layers, int mlpWidth) {
        /** Checks that the dimensions fit together. */
        public Text {
            requirePositive("context length", contextLength);
            requirePositive("vocabulary size", vocabularySize);
            requireLayers("text layers", layers);
            requirePositive("text MLP width", mlpWidth);
            requireHeads("text", width, heads);
        }
    }

    /**
     * A model that OpenAI published, by the name that it has there, such as {@code ViT-B/16}.
     *
     * @throws InputException when there is none of that name
     */
    public static ClipConfig named(String name) throws InputException {
        ClipConfig config = PublishedModels.CONFIGS.get(name);
        if (config == null) {
            throw new InputException("unknown architecture: expected one of %s, got \"%s\""
                    .formatted(String.join(", ", publishedNames()), name));
        }
        return config;
    }

    /** Names of the models that OpenAI published, smallest ResNet first. */
    public static List<String> publishedNames() {
        return List.copyOf(PublishedModels.CONFIGS.keySet());
    }

    /** Every tensor of such a model, by OpenAI's name, in the order of OpenAI's state dict. */
    public Map<String, Shape> expectedTensors() {
        return ExpectedTensors.of(this);
    }

    /**
     * Checks that these are the tensors of such a model.
     *
     * @throws InputException naming what is missing, unexpected, misshapen, or no floats
     */
    public void check(Collection<TensorSpec> tensors) throws InputException {
        ExpectedTensors.check(this, tensors);
    }

    /** Every tensor of such a model as it would be declared in a file of one element type. */
    public List<TensorSpec> tensorSpecs(DType dtype) {
        List<TensorSpec> specs = new ArrayList<>();
        expectedTensors().forEach((name, shape) -> specs.add(new TensorSpec(name, dtype, shape)));
        return specs;
    }

    /** Number of trainable parameters, the running statistics of batch norms not among them. */
    public long parameterCount() {
        return count("");
    }

    /** Number of trainable parameters of the image tower. */
    public long visionParameterCount() {
        return count("visual.");
    }

    private long count(String prefix) {
        return expectedTensors().entrySet().stream()
                .filter(e -> e.getKey().startsWith(prefix))
                .filter(e -> !ExpectedTensors.isRunningStatistic(e.getKey()))
                .mapToLong(e -> e.getValue().elements())
                .sum();
    }

    /** The dimensions as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        return MetadataJson.write(this);
    }

    /** The dimensions as a tree of JSON, fields as {@link #toJson} has them. */
    public ObjectNode toTree() {
        return MetadataJson.tree(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws InputException when a field is missing or out of range
     */
    public static ClipConfig fromJson(String json) throws InputException {
        return MetadataJson.read(
                "architecture",
                json,
                fields -> new ClipConfig(
                        fields.whole("embed_dim"), vision(fields.object("vision")), text(fields.object("text"))));
    }

    private static Vision vision(JsonTree fields) {
        String type = fields.text("type");
        return switch (type) {
            case VIT ->
                new Vit(
                        fields.whole("image_size"),
                        fields.whole("patch_size"),
                        fields.whole("width"),
                        fields.whole("layers"),
                        fields.whole("heads"),
                        fields.whole("mlp_width"));
            case RESNET ->
                new ResNet(
                        fields.whole("image_size"),
                        fields.wholes("layers"),
                        fields.whole("width"),
                        fields.whole("heads"));
            default -> throw new IllegalArgumentException("vision: expected a known type, got " + type);
        };
    }

    private static Text text(JsonTree fields) {
        return new Text(
                fields.whole("context_length"),
                fields.whole("vocabulary_size"),
                fields.whole("width"),
                fields.whole("heads"),
                fields.whole("layers"),
                fields.whole("mlp_width"));
    }

    static void requirePositive(String name, int value) {
        requireRange(name, value, MAX);
    }

    private static void requireLayers(String name, int value) {
        requireRange(name, value, MAX_LAYERS);
    }

    private static void requireRange(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException("%s: expected 1 to %d, got %d".formatted(name, max, value));
        }
    }

    private static void requireHeads(String tower, int width, int heads) {
        requirePositive(tower + " width", width);
        requirePositive(tower + " heads", heads);
        if (width % heads != 0) {
            throw new IllegalArgumentException(
                    "expected a %s width that is a multiple of its heads (%d), got %d".formatted(tower, heads, width));
        }
    }
}
