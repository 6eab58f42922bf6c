package org.coop4j.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * The dimensions of a CLIP model.
 *
 * @param embedDim width of the features of both towers
 * @param vision the image tower
 * @param text the text transformer
 */
public record ClipConfig(int embedDim, Vision vision, Text text) {
    /** Far above any model, and small enough that products of a few do not overflow. */
    private static final int MAX = 1 << 22;

    /** Keeps a file's metadata from demanding an endless list of tensors. */
    private static final int MAX_LAYERS = 1_000;

    private static final String VIT = "vit";
    private static final String RESNET = "modified_resnet";

    /** A family of architectures; its models differ in their sizes. */
    public enum Family {
        /** OpenAI's towers. */
        CLIP("CLIP"),
        /** Meta's Perception Encoder (PE-Core; Bolya and others, 2025). */
        PE_CORE("Perception Encoder"),
        /** Google's SigLIP and SigLIP 2 at a fixed resolution (Zhai and others, 2023; Tschannen and others, 2025). */
        SIGLIP("SigLIP"),
        /** Google DeepMind's TIPS and TIPSv2 (Maninis and others, 2024; google-deepmind/tips). */
        TIPS("TIPS");

        private final String title;

        Family(String title) {
            this.title = title;
        }

        /** Returns the name for people. */
        public String title() {
            return title;
        }
    }

    /** Checks that both towers are there, of one family, and of widths that fit. */
    public ClipConfig {
        requirePositive("embedding dimension", embedDim);
        Require.that(
                vision != null && text != null,
                "expected a vision and a text tower, got no %s",
                vision == null ? "vision" : "text");
        Family family = vision.family();
        boolean unmasked = family == Family.SIGLIP || family == Family.TIPS;
        Require.that(
                text.unmasked == unmasked && text.averaged == (family == Family.TIPS),
                "expected a text tower %s, as that of every %s",
                unmasked ? "without a mask" : "with a causal mask",
                family.title());
        Require.that(
                !unmasked || embedDim == vision.width(),
                "expected features as wide as the image tower of %s (%s), got %s",
                family.title(),
                vision.width(),
                embedDim);
        Require.that(
                !text.averaged || text.width == embedDim,
                "expected two towers of one width, as those of TIPS, got %s and %s",
                embedDim,
                text.width);
    }

    /** Returns the family of both towers. */
    public Family family() {
        return vision.family();
    }

    /** Returns the number that a layer norm adds to the variance, by its name: in TIPS the towers differ. */
    public double epsilon(String norm) {
        boolean small = family() == Family.SIGLIP || (family() == Family.TIPS && norm.startsWith("visual."));
        return small ? 1e-6 : 1e-5;
    }

    /** The image tower. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({@JsonSubTypes.Type(Vit.class), @JsonSubTypes.Type(ResNet.class)})
    public sealed interface Vision permits Vit, ResNet {
        /** Returns the side of the square input in pixels. */
        int imageSize();

        /** Returns the number of channels of the transformer, or of the ResNet's first stage. */
        int width();

        /** Returns the number of attention heads, in each block or in the attention pooling. */
        int heads();

        /** Returns the family that the tower belongs to. */
        default Family family() {
            return Family.CLIP;
        }

        /** Returns true if a projection follows the tower. */
        default boolean projects() {
            return family() == Family.CLIP || family() == Family.PE_CORE;
        }
    }

    /**
     * A vision transformer (CLIP paper, section 2.4).
     *
     * @param imageSize side of the input in pixels
     * @param patchSize side of a patch in pixels; divides {@code imageSize}, but for SigLIP
     * @param width channels of a token
     * @param layers transformer blocks
     * @param heads attention heads; divides {@code width}
     * @param mlpWidth hidden channels of the MLPs
     * @param pooling attention pooling; null for CLIP's own tower, whose class token is read
     * @param prefix 2 for TIPS, where the first rows of the positions are class token and register, the others hold the
     *     patches' bias, and neither a norm precedes the blocks nor a projection follows them; otherwise 0
     * @param gated true if the first half of the MLPs' hidden channels, activated, multiplies the second (SwiGLU): c_fc has
     *     twice {@code mlpWidth} rows
     */
    @JsonTypeName(VIT)
    public record Vit(
            int imageSize,
            int patchSize,
            int width,
            int layers,
            int heads,
            int mlpWidth,
            @JsonInclude(JsonInclude.Include.NON_NULL) Pooling pooling,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) int prefix,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean gated)
            implements Vision {
        private static final double ROTARY_BASE = 10_000;

        /** Checks that the dimensions fit together. */
        public Vit {
            requirePositive("image size", imageSize);
            requirePositive("patch size", patchSize);
            requireLayers("vision layers", layers);
            requirePositive("vision MLP width", mlpWidth);
            requireHeads("vision", width, heads);
            Require.that(
                    imageSize % patchSize == 0 || (pooling != null && !pooling.rotary && imageSize > patchSize),
                    "expected an image size that is a multiple of patch size %d, got %d",
                    patchSize,
                    imageSize);
            Require.that(
                    prefix == 0 ? !gated : prefix == 2 && pooling == null,
                    "expected a prefix of 2 rows, as in TIPS, or none, got %s",
                    prefix);
            if (pooling != null) {
                requireHeads("attention pooling", width, pooling.poolHeads);
                Require.that(
                        !pooling.rotary || width / heads % 4 == 0,
                        "expected heads of a multiple of 4 channels for rotary positions, got %s",
                        width / heads);
            }
        }

        /** CLIP's own vision transformer. */
        public Vit(int imageSize, int patchSize, int width, int layers, int heads, int mlpWidth) {
            this(imageSize, patchSize, width, layers, heads, mlpWidth, null);
        }

        /** A vision transformer of CLIP, a Perception Encoder or SigLIP. */
        public Vit(int imageSize, int patchSize, int width, int layers, int heads, int mlpWidth, Pooling pooling) {
            this(imageSize, patchSize, width, layers, heads, mlpWidth, pooling, 0, false);
        }

        @Override
        public Family family() {
            if (prefix > 0) {
                return Family.TIPS;
            }
            return pooling == null ? Family.CLIP : pooling.rotary ? Family.PE_CORE : Family.SIGLIP;
        }

        /** Returns the number of patches along a side; pixels that are left over at the right and below are dropped. */
        public int grid() {
            return imageSize / patchSize;
        }

        /** Returns the number of class tokens with an embedding of their own, which precede the patches: 1 or 0. */
        public int classTokens() {
            return (pooling == null ? prefix == 0 : pooling.classToken) ? 1 : 0;
        }

        /** Returns the number of tokens of an image: its patches and what precedes them. */
        public int tokens() {
            return grid() * grid() + classTokens() + prefix;
        }

        /**
         * Returns the angles of a Perception Encoder's rotary positions ({@code rope.py} of facebookresearch/
         * perception_models), by token and pair of a head's channels: the first half of the pairs turn with the patch's
         * column, the others with its row. The class token is not rotated.
         *
         * @param rows of the result, at least {@link #tokens}; further ones are zero
         */
        public double[][] rotaryAngles(int rows) {
            int frequencies = width / heads / 4; // of each axis
            double[][] angles = new double[rows][2 * frequencies];
            for (int patch = 0; patch < grid() * grid(); patch++) {
                double[] token = angles[classTokens() + patch];
                for (int j = 0; j < frequencies; j++) {
                    double frequency = Math.pow(ROTARY_BASE, -(double) j / frequencies);
                    token[j] = (patch % grid() + classTokens()) * frequency;
                    token[frequencies + j] = (patch / grid() + classTokens()) * frequency;
                }
            }
            return angles;
        }
    }

    /**
     * Attention pooling of all tokens, with an MLP, in place of the class token.
     *
     * @param classToken true if a class token precedes the patches, which then count from 1 instead of 0
     * @param rotary true for a Perception Encoder, which has two-dimensional rotary positions in every block; false for
     *     SigLIP, whose patches have a bias, and which has neither a norm before the blocks nor a projection after the
     *     pooling
     * @param poolHeads heads of the attention pooling; divides the tower's width
     * @param poolMlpWidth hidden channels of the pooling's MLP
     */
    public record Pooling(boolean classToken, boolean rotary, int poolHeads, int poolMlpWidth) {
        /** Checks the MLP's width, and that SigLIP has no class token. */
        public Pooling {
            requirePositive("MLP width of the attention pooling", poolMlpWidth);
            Require.that(rotary || !classToken, "expected no class token in SigLIP");
        }
    }

    /**
     * CLIP's ResNet: three stem convolutions, anti-aliased strides, attention pooling (CLIP paper, section 2.4; {@code
     * ModifiedResNet} in {@code clip/model.py}).
     *
     * @param imageSize side of the input in pixels; a multiple of 32
     * @param layers bottlenecks in each of the four stages
     * @param width channels of the first stage's bottlenecks
     * @param heads heads of the attention pooling; divides 32 · {@code width}
     */
    @JsonTypeName(RESNET)
    public record ResNet(int imageSize, List<Integer> layers, int width, int heads) implements Vision {
        /** Side in pixels of the square that becomes one token of the attention pooling. */
        public static final int STRIDE = 32;

        /** Checks that the dimensions fit together. */
        public ResNet {
            layers = List.copyOf(layers);
            requirePositive("image size", imageSize);
            Require.that(imageSize % STRIDE == 0, "expected an image size that is a multiple of 32, got %s", imageSize);
            Require.that(layers.size() == 4, "expected the layers of 4 ResNet stages, got %s", layers);
            layers.forEach(count -> requireLayers("layers of a ResNet stage", count));
            Require.that(width % 2 == 0, "expected an even ResNet width, got %s", width);
            requirePositive("ResNet width", width);
            requireHeads("attention pooling", width * STRIDE, heads);
        }

        /** Returns the side of the last feature map. */
        public int grid() {
            return imageSize / STRIDE;
        }

        /** Returns the number of channels of the last feature map. */
        public int outputWidth() {
            return width * STRIDE;
        }
    }

    /**
     * The text transformer.
     *
     * @param contextLength number of positions of a prompt
     * @param vocabularySize number of tokens in the vocabulary
     * @param width channels of a token
     * @param heads attention heads; divides {@code width}
     * @param layers transformer blocks
     * @param mlpWidth hidden channels of the MLPs
     * @param unmasked true for SigLIP, where every row sees every row, padding too, the last row is read, and the
     *     projection has a bias; false for a causal mask
     * @param averaged true for TIPS, which has no mask, no padding and no projection: tokens enter multiplied by the root of
     *     the width, and the mean of the rows is read
     */
    public record Text(
            int contextLength,
            int vocabularySize,
            int width,
            int heads,
            int layers,
            int mlpWidth,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean unmasked,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean averaged) {
        /** A text transformer with a causal mask. */
        public Text(int contextLength, int vocabularySize, int width, int heads, int layers, int mlpWidth) {
            this(contextLength, vocabularySize, width, heads, layers, mlpWidth, false);
        }

        /** A text transformer of CLIP or SigLIP. */
        public Text(
                int contextLength,
                int vocabularySize,
                int width,
                int heads,
                int layers,
                int mlpWidth,
                boolean unmasked) {
            this(contextLength, vocabularySize, width, heads, layers, mlpWidth, unmasked, false);
        }

        /** Checks that the dimensions fit together. */
        public Text {
            requirePositive("context length", contextLength);
            requirePositive("vocabulary size", vocabularySize);
            requireLayers("text layers", layers);
            requirePositive("text MLP width", mlpWidth);
            requireHeads("text", width, heads);
        }

        /** Returns the factor of a token's embedding before its position is added. */
        public double embeddingScale() {
            return averaged ? Math.sqrt(width) : 1;
        }
    }

    /**
     * Returns a published model by its name, such as {@code ViT-B/16} or {@code siglip2-base-patch16-224}.
     *
     * @throws InputException if there is no such model
     */
    public static ClipConfig named(String name) throws InputException {
        ClipConfig config = published().get(name);
        InputException.require(
                config != null,
                "unknown architecture: expected one of %s, got \"%s\"",
                String.join(", ", published().keySet()),
                name);
        return config;
    }

    /** Returns the published models by name: OpenAI's, smallest ResNet first, then Meta's and Google's. */
    public static Map<String, ClipConfig> published() {
        return PublishedModels.CONFIGS;
    }

    /** Returns the published name of this architecture, if it has one. */
    public Optional<String> publishedName() {
        return published().entrySet().stream()
                .filter(published -> published.getValue().equals(this))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** Returns every tensor of this architecture, by OpenAI's name, in the order of OpenAI's state dict. */
    public Map<String, Shape> expectedTensors() {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        ExpectedTensors.of(this).forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        return shapes;
    }

    /**
     * Checks that these are the tensors of this architecture.
     *
     * @throws InputException naming those that are missing, unexpected, misshapen, or not floating-point
     */
    public void check(Collection<TensorSpec> tensors) throws InputException {
        ExpectedTensors.check(this, tensors);
    }

    /** Returns the declarations of all tensors in a file of one element type. */
    public List<TensorSpec> tensorSpecs(DType dtype) {
        List<TensorSpec> specs = new ArrayList<>();
        expectedTensors().forEach((name, shape) -> specs.add(new TensorSpec(name, dtype, shape)));
        return specs;
    }

    /** Returns the number of trainable parameters, without the running statistics of batch norms. */
    public long parameterCount() {
        return count("");
    }

    /** Returns the number of trainable parameters of the image tower. */
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

    /** Returns the dimensions as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        return ModelMetadata.json(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws InputException if a field is missing or out of range
     */
    public static ClipConfig fromJson(String json) throws IOException {
        return JsonTree.read("architecture", json, ClipConfig::of);
    }

    static ClipConfig of(JsonTree fields) {
        return new ClipConfig(fields.whole("embed_dim"), vision(fields.object("vision")), text(fields.object("text")));
    }

    private static Vision vision(JsonTree fields) {
        int imageSize = fields.whole("image_size");
        int width = fields.whole("width");
        int heads = fields.whole("heads");
        if (fields.choice("type", VIT, RESNET).equals(RESNET)) {
            return new ResNet(imageSize, fields.wholes("layers"), width, heads);
        }
        return new Vit(
                imageSize,
                fields.whole("patch_size"),
                width,
                fields.whole("layers"),
                heads,
                fields.whole("mlp_width"),
                fields.has("pooling") ? pooling(fields.object("pooling")) : null,
                fields.whole("prefix", 0),
                fields.flag("gated", false));
    }

    private static Pooling pooling(JsonTree fields) {
        return new Pooling(
                fields.flag("class_token", false),
                fields.flag("rotary", false),
                fields.whole("pool_heads"),
                fields.whole("pool_mlp_width"));
    }

    private static Text text(JsonTree fields) {
        return new Text(
                fields.whole("context_length"),
                fields.whole("vocabulary_size"),
                fields.whole("width"),
                fields.whole("heads"),
                fields.whole("layers"),
                fields.whole("mlp_width"),
                fields.flag("unmasked", false),
                fields.flag("averaged", false));
    }

    static void requirePositive(String name, int value) {
        requireRange(name, value, MAX);
    }

    private static void requireLayers(String name, int value) {
        requireRange(name, value, MAX_LAYERS);
    }

    private static void requireRange(String name, int value, int max) {
        Require.that(value >= 1 && value <= max, "%s: expected 1 to %d, got %d", name, max, value);
    }

    private static void requireHeads(String tower, int width, int heads) {
        requirePositive(tower + " width", width);
        requirePositive(tower + " heads", heads);
        Require.that(
                width % heads == 0,
                "expected a %s width that is a multiple of its heads (%d), got %d",
                tower,
                heads,
                width);
    }
}
