package org.coop4j.model.convert;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.convert.ModelSource.ModelConfig;
import org.coop4j.model.convert.OpenAiNames.SourceTensor;
import org.coop4j.weights.Shape;

/**
 * A folder of TIPS or TIPSv2: that of Hugging Face's Hub, or npz files of google-deepmind/tips ({@code
 * pytorch/image_encoder.py}, {@code text_encoder.py}).
 *
 * <p>Its image tower becomes CLIP's without the norm before the blocks and the projection after them, exactly: layer scale
 * goes into the rows of the layers before it, the patches' bias into their positions, and class token and register are
 * those of the rows before the patches. The sines of the text tower become its position embedding.
 *
 * @param json {@code config.json}; without fields if the folder has none
 */
record TipsForm(Path folder, JsonTree json) {
    static final String IMAGE = "vision_encoder.";
    static final String TEXT = "text_encoder.";
    static final String VISION_NPZ = "_vision.npz";
    static final String TEXT_NPZ = "_text.npz";

    private static final String BLOCKS = "transformer.resblocks.";
    private static final String IMAGE_BLOCKS = "visual." + BLOCKS;
    private static final String POSITIONS = "visual.positional_embedding";
    private static final List<String> TEMPERATURES = List.of("temperature", "temperature_contrastive");
    private static final double LEAST_TEMPERATURE = 1e-4;
    private static final String CLASS = "visual.class_embedding";
    private static final int CONTEXT = 64;

    /** Class token and register. */
    private static final int PREFIX = 2;

    /** Wavelength of the slowest sine by 2π. */
    private static final double LONGEST = 10_000;

    /** Heads of the published towers, by {@code vision_fn} and by width. */
    private static final Map<String, Integer> HEADS = heads();

    /** The layers that layer scale follows, the first or the second of a block. */
    private static final Pattern SCALED =
            Pattern.compile("visual\\.transformer\\.resblocks\\.(\\d+)\\.(attn\\.out|mlp\\.c)_proj\\.(?:weight|bias)");

    private static final Pattern FOLDED =
            Pattern.compile("visual\\.trunk\\.(blocks\\.\\d+\\.ls[12]\\.gamma|register_tokens"
                    + "|mask_token)|visual\\.(conv1\\.bias|class_embedding)|temperature(_contrastive)?");

    private static Map<String, Integer> heads() {
        Map<String, Integer> heads = new LinkedHashMap<>();
        List<String> names = List.of("small", "base", "large", "so400m", "giant2");
        List<Integer> widths = List.of(384, 768, 1024, 1152, 1536);
        for (int i = 0; i < names.size(); i++) {
            int count = List.of(6, 12, 16, 16, 24).get(i);
            heads.put("vit_" + names.get(i), count);
            heads.put(String.valueOf(widths.get(i)), count);
        }
        return heads;
    }

    /** Returns the form of a folder; empty for other models. */
    static Optional<TipsForm> in(Path folder) throws IOException {
        Path config = folder.resolve(HuggingFaceConfig.FILE);
        if (!Files.isRegularFile(config)) {
            return npz(folder).map(file -> new TipsForm(folder, new JsonTree("", Map.of())));
        }
        return JsonTree.read(config, json -> {
            String type = json.anyText("model_type").orElse("");
            Require.that(
                    !type.equals("tipsv2_dpt"),
                    "a TIPSv2 for depth and normals (tipsv2_dpt) is not supported: use hf:google/tipsv2-b14");
            return type.equals("tipsv2") ? Optional.of(new TipsForm(folder, json)) : Optional.empty();
        });
    }

    /** Returns the npz file of the folder's image tower, if there is one. */
    static Optional<Path> npz(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + VISION_NPZ)) {
            Path first = null;
            for (Path file : files) {
                require(first == null, "%s: expected the files of one model, got %s and %s", folder, first, file);
                first = file;
            }
            return Optional.ofNullable(first);
        }
    }

    /**
     * Returns the description of the model: what the configuration names, the rest by its tensors.
     *
     * @param size side of the images in pixels; empty for the model's own
     */
    ModelConfig config(Map<String, SourceTensor> tensors, OptionalInt size) throws IOException {
        try {
            ClipConfig architecture = architecture(tensors, size);
            return new ModelConfig(
                    json.fields().isEmpty() ? "a TIPS" : HuggingFaceConfig.FILE,
                    architecture,
                    Optional.of(MlpActivation.published(architecture)),
                    Optional.of(MlpActivation.RELU),
                    PreprocessConfig.published(architecture),
                    Optional.of(ModelVocabulary.TIPS).filter(own -> Files.isRegularFile(folder.resolve(own.file()))));
        } catch (IllegalArgumentException e) {
            throw new InputException(HuggingFaceConfig.FILE + ": " + e.getMessage(), e);
        }
    }

    private ClipConfig architecture(Map<String, SourceTensor> tensors, OptionalInt size) throws IOException {
        boolean nested = json.has("vision_config");
        JsonTree vision = nested ? json.object("vision_config") : json;
        JsonTree text = nested ? json.object("text_config") : json;
        if (nested) {
            vision.expect("layer_norm_eps", 1e-6);
            text.expect("layer_norm_eps", 1e-5);
            vision.choice("hidden_act", "gelu");
            text.choice("hidden_act", "relu");
        }
        vision.expect("num_register_tokens", 1);
        Require.that(text.flag("scale_sqrt_depth", true), "scale_sqrt_depth: expected true, as in TIPS");
        String fc = ".mlp.c_fc.weight";
        int hidden = dim(tensors, IMAGE_BLOCKS + 0 + ".mlp.c_proj.weight", 1);
        int rows = dim(tensors, IMAGE_BLOCKS + 0 + fc, 0); // twice as many where they are gated
        int patch = dim(tensors, "visual.conv1.weight", 3);
        int ofPositions = patch * side(dim(tensors, POSITIONS, 0) - 1);
        int width = vision.whole(nested ? "hidden_size" : "embed_dim", dim(tensors, "visual.conv1.weight", 0));
        int textWidth =
                text.whole(nested ? "hidden_size" : "text_hidden_size", dim(tensors, "token_embedding.weight", 1));
        return new ClipConfig(
                width,
                new ClipConfig.Vit(
                        size.orElse(vision.whole(nested ? "image_size" : "img_size", ofPositions)),
                        vision.whole("patch_size", patch),
                        width,
                        vision.whole("num_hidden_layers", count(tensors, IMAGE_BLOCKS)),
                        vision.whole(nested ? "num_attention_heads" : "vision_num_heads", heads(vision, width)),
                        hidden,
                        null,
                        PREFIX,
                        vision.flag("use_swiglu_ffn", rows > hidden)),
                new ClipConfig.Text(
                        text.whole(nested ? "max_position_embeddings" : "max_len", CONTEXT),
                        text.whole("vocab_size", dim(tensors, "token_embedding.weight", 0)),
                        textWidth,
                        text.whole(nested ? "num_attention_heads" : "text_num_heads", heads(text, textWidth)),
                        text.whole(nested ? "num_hidden_layers" : "text_num_layers", count(tensors, BLOCKS)),
                        text.whole(nested ? "intermediate_size" : "text_mlp_dim", dim(tensors, BLOCKS + 0 + fc, 0)),
                        true,
                        true));
    }

    /** Returns the heads of a published tower, by its {@code vision_fn} or else its width. */
    private static int heads(JsonTree tower, int width) {
        Integer heads = HEADS.get(tower.anyText("vision_fn").orElse(String.valueOf(width)));
        Require.that(
                heads != null || tower.has("num_attention_heads") || tower.has("vision_num_heads"),
                "the heads of a tower of width %s are unknown: expected one of %s, or config.json beside the weights",
                width,
                HEADS.keySet());
        return heads == null ? 1 : heads;
    }

    private static int count(Map<String, SourceTensor> tensors, String blocks) {
        return (int) tensors.keySet().stream()
                .filter(name -> name.startsWith(blocks) && name.endsWith(".ln_1.weight"))
                .count();
    }

    private static int dim(Map<String, SourceTensor> tensors, String name, int axis) throws InputException {
        SourceTensor tensor = tensors.get(name);
        require(tensor != null, "not a complete TIPS: tensor %s is missing", name);
        Shape shape = tensor.spec().shape();
        require(
                shape.rank() > axis && shape.dim(axis) <= Integer.MAX_VALUE / 64,
                "tensor %s has the implausible shape %s",
                name,
                shape);
        return (int) shape.dim(axis);
    }

    private static int side(int patches) throws InputException {
        int side = (int) Math.round(Math.sqrt(patches));
        require(side >= 1 && side * side == patches, "positions of %s patches: expected a square", patches);
        return side;
    }

    /** Returns the tensors of the converted model. */
    Map<String, SourceTensor> folded(Map<String, SourceTensor> tensors, ClipConfig architecture) throws IOException {
        ClipConfig.Vit vit = (ClipConfig.Vit) architecture.vision();
        Map<String, SourceTensor> folded = new LinkedHashMap<>();
        for (SourceTensor tensor : tensors.values()) {
            String name = tensor.spec().name();
            Matcher scaled = SCALED.matcher(name);
            if (scaled.matches()) {
                String second = scaled.group(2).startsWith("mlp") ? "2" : "1";
                String scale = OpenAiNames.TRUNK + "blocks." + scaled.group(1) + ".ls" + second + ".gamma";
                folded.put(name, scaled(tensor, vector(tensors, scale, vit.width())));
            } else if (!FOLDED.matcher(name).matches()) {
                folded.put(name, tensor);
            }
        }
        SourceTensor bias = vector(tensors, "visual.conv1.bias", vit.width());
        SourceTensor register = vector(tensors, OpenAiNames.TRUNK + "register_tokens", vit.width());
        SourceTensor classToken = vector(tensors, CLASS, vit.width());
        int side = side(dim(tensors, POSITIONS, 0) - 1);
        require(dim(tensors, POSITIONS, 1) == vit.width(), "tensor %s is not as wide as the tower", POSITIONS);
        put(folded, POSITIONS, Shape.of(vit.tokens(), vit.width()), shape -> {
            float[] own = tensors.get(POSITIONS).floats();
            float[] all = new float[Math.toIntExact(shape.elements())];
            float[] token = classToken.floats();
            for (int i = 0; i < vit.width(); i++) {
                all[i] = own[i] + token[i];
            }
            System.arraycopy(register.floats(), 0, all, vit.width(), vit.width());
            float[] patches = resized(Arrays.copyOfRange(own, vit.width(), own.length), side, vit.grid(), vit.grid());
            float[] added = bias.floats();
            for (int i = 0; i < patches.length; i++) {
                all[PREFIX * vit.width() + i] = patches[i] + added[i % vit.width()];
            }
            return all;
        });
        ClipConfig.Text text = architecture.text();
        put(folded, "positional_embedding", Shape.of(text.contextLength(), text.width()), shape -> sines(text));
        float logarithm = (float) -Math.log(temperature(tensors));
        put(folded, "logit_scale", Shape.of(), shape -> new float[] {logarithm});
        return folded;
    }

    private static void put(
            Map<String, SourceTensor> folded, String name, Shape shape, IoFunction<Shape, float[]> values) {
        folded.put(name, SourceTensor.computed(name, shape, values));
    }

    /** Returns a tensor of one number per channel, whatever the dimensions of 1 before it. */
    private static SourceTensor vector(Map<String, SourceTensor> tensors, String name, int width)
            throws InputException {
        SourceTensor tensor = tensors.get(name);
        require(tensor != null, "not a complete TIPS: tensor %s is missing", name);
        require(
                tensor.spec().shape().elements() == width,
                "tensor %s of shape %s: expected %s numbers",
                name,
                tensor.spec().shape(),
                width);
        return tensor;
    }

    /** Returns a layer's weight or bias with each row multiplied by its layer scale. */
    private static SourceTensor scaled(SourceTensor layer, SourceTensor scale) {
        return SourceTensor.computed(layer.spec().name(), layer.spec().shape(), shape -> {
            float[] factors = scale.floats();
            float[] values = layer.floats();
            int columns = values.length / factors.length;
            for (int i = 0; i < values.length; i++) {
                values[i] *= factors[i / columns];
            }
            return values;
        });
    }

    /** Returns the temperature: of a tensor, or else of the configuration. */
    private double temperature(Map<String, SourceTensor> tensors) throws IOException {
        double temperature = json.number("temperature", json.number("temperature_init_value", Double.NaN));
        for (String name : TEMPERATURES) {
            if (tensors.containsKey(name)) {
                temperature = vector(tensors, name, 1).floats()[0];
            }
        }
        require(
                temperature >= LEAST_TEMPERATURE && temperature <= 1,
                "temperature: expected a number from %s to 1 in %s or in the weights, got %s",
                LEAST_TEMPERATURE,
                HuggingFaceConfig.FILE,
                Double.isNaN(temperature) ? "none" : temperature);
        return temperature;
    }

    /**
     * Resizes the positions of a converted model; the bias in those of the patches stays as it is.
     *
     * @return the metadata with the new size
     */
    static ModelMetadata resized(ModelMetadata model, int size, Map<String, SourceTensor> tensors)
            throws InputException {
        ClipConfig own = model.architecture();
        ClipConfig.Vit vit = (ClipConfig.Vit) own.vision();
        ClipConfig.Vit other;
        try {
            other = new ClipConfig.Vit(
                    size,
                    vit.patchSize(),
                    vit.width(),
                    vit.layers(),
                    vit.heads(),
                    vit.mlpWidth(),
                    null,
                    vit.prefix(),
                    vit.gated());
        } catch (IllegalArgumentException e) {
            throw new InputException(e.getMessage(), e);
        }
        SourceTensor positions = tensors.get(POSITIONS);
        put(tensors, POSITIONS, Shape.of(other.tokens(), vit.width()), shape -> {
            float[] before = positions.floats();
            int prefix = vit.prefix() * vit.width();
            float[] patches =
                    resized(Arrays.copyOfRange(before, prefix, before.length), vit.grid(), other.grid(), other.grid());
            float[] after = Arrays.copyOf(before, prefix + patches.length);
            System.arraycopy(patches, 0, after, prefix, patches.length);
            return after;
        });
        ClipConfig architecture = new ClipConfig(own.embedDim(), other, own.text());
        return new ModelMetadata(
                architecture,
                model.activation(),
                model.textActivation(),
                PreprocessConfig.published(architecture),
                model.vocabulary(),
                model.source(),
                model.publication());
    }

    /**
     * Returns a grid of vectors resized bilinearly, antialiased where it becomes smaller, as torch's {@code interpolate}.
     *
     * @param grid [side · side, width]
     * @return [height · width of the new grid, width]
     */
    static float[] resized(float[] grid, int side, int height, int width) {
        int channels = grid.length / (side * side);
        double[][] rows = shares(side, height);
        double[][] columns = shares(side, width);
        float[] result = new float[height * width * channels];
        double[] sum = new double[channels];
        for (int at = 0; at < height * width; at++) {
            Arrays.fill(sum, 0);
            for (int from = 0; from < side * side; from++) {
                double share = rows[at / width][from / side] * columns[at % width][from % side];
                for (int c = 0; share != 0 && c < channels; c++) {
                    sum[c] += share * grid[from * channels + c];
                }
            }
            for (int c = 0; c < channels; c++) {
                result[at * channels + c] = (float) sum[c];
            }
        }
        return result;
    }

    /** Returns the share of each old place in each new one: a triangle around its centre, cut off at the border. */
    private static double[][] shares(int before, int after) {
        double step = (double) before / after;
        double[][] shares = new double[after][before];
        for (int i = 0; i < after; i++) {
            double sum = 0;
            for (int j = 0; j < before; j++) {
                double distance = Math.abs(j + 0.5 - (i + 0.5) * step) / Math.max(step, 1);
                shares[i][j] = Math.max(0, 1 - distance);
                sum += shares[i][j];
            }
            for (int j = 0; j < before; j++) {
                shares[i][j] /= sum;
            }
        }
        return shares;
    }

    /** Returns the positions of a text: sines of all rates, then cosines. */
    private static float[] sines(ClipConfig.Text text) {
        int half = text.width() / 2;
        float[] positions = new float[text.contextLength() * text.width()];
        for (int t = 0; t < text.contextLength(); t++) {
            for (int i = 0; i < half; i++) {
                double angle = t * Math.pow(LONGEST, -(double) i / (half - 1));
                positions[t * text.width() + i] = (float) Math.sin(angle);
                positions[t * text.width() + half + i] = (float) Math.cos(angle);
            }
        }
        return positions;
    }
}
