package org.coop4j.model.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Require;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.PreprocessConfig.Interpolation;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/** Folders in which other programs keep a CLIP with a vision transformer; {@link Converter} also reads them. */
public enum CheckpointForm {
    /** open_clip's: a configuration, and weights by OpenAI's names. */
    OPEN_CLIP(WeightsFile.OPEN_CLIP.get(0)),
    /** Hugging Face's {@code CLIPModel}. */
    HUGGING_FACE(WeightsFile.HUGGING_FACE.get(0));

    private final String weights;

    CheckpointForm(String weights) {
        this.weights = weights;
    }

    /**
     * Writes a model in float32.
     *
     * @param changed weights in place of the model's, by OpenAI's names
     * @return the files
     * @throws IllegalArgumentException if the form has no such models
     */
    public List<Path> write(Path folder, ConvertedModel model, Map<String, float[]> changed) throws IOException {
        ClipConfig.Vit vit = model.architecture().vision() instanceof ClipConfig.Vit tower ? tower : null;
        Require.that(
                vit != null && vit.family() == ClipConfig.Family.CLIP,
                "the image tower of %s is not CLIP's vision transformer, which alone is written for other programs",
                model.path());
        Map<String, String> configurations = this == OPEN_CLIP ? openClip(vit, model) : huggingFace(vit, model);
        Files.createDirectories(folder);
        List<Path> files = new ArrayList<>();
        files.add(folder.resolve(weights));
        List<TensorSpec> specs = new ArrayList<>();
        for (TensorSpec spec : model.architecture().tensorSpecs(DType.F32)) {
            for (String name : names(spec.name())) {
                specs.add(new TensorSpec(name, DType.F32, shape(spec)));
            }
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(files.get(0), specs, Map.of("format", "pt"))) {
            for (TensorSpec spec : model.architecture().tensorSpecs(DType.F32)) {
                float[] values = changed.containsKey(spec.name())
                        ? changed.get(spec.name())
                        : model.weights().floats(spec.name());
                List<String> names = names(spec.name());
                float[] written = isTransposed(spec.name()) ? transposed(values, spec.shape()) : values;
                int part = written.length / names.size();
                for (int i = 0; i < names.size(); i++) {
                    writer.writeFloats(names.get(i), Arrays.copyOfRange(written, i * part, (i + 1) * part));
                }
            }
            writer.commit();
        }
        for (Map.Entry<String, String> file : configurations.entrySet()) {
            Path path = folder.resolve(file.getKey());
            AtomicFile.write(path, file.getValue());
            files.add(path);
        }
        return files;
    }

    /** Returns the names of a tensor, of its parts in stacking order where it is several. */
    private List<String> names(String name) {
        return this == OPEN_CLIP ? List.of(name) : OpenAiNames.huggingFace(name);
    }

    private boolean isTransposed(String name) {
        return this == HUGGING_FACE && (name.equals("text_projection") || name.equals("visual.proj"));
    }

    private Shape shape(TensorSpec spec) {
        long[] dims = spec.shape().toArray();
        if (isTransposed(spec.name())) {
            return Shape.of(dims[1], dims[0]);
        }
        if (dims.length > 0) {
            dims[0] /= names(spec.name()).size();
        }
        return Shape.of(dims);
    }

    private static float[] transposed(float[] values, Shape shape) {
        int rows = Math.toIntExact(shape.dim(0));
        int columns = Math.toIntExact(shape.dim(1));
        float[] result = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i % columns * rows + i / columns] = values[i];
        }
        return result;
    }

    private static Map<String, String> openClip(ClipConfig.Vit vit, ConvertedModel model) {
        ClipConfig.Text text = model.architecture().text();
        PreprocessConfig pixels = model.preprocessing();
        return Map.of(
                OpenClipConfig.FILE,
                """
                {"model_cfg": {"embed_dim": %s, "quick_gelu": %b,
                  "vision_cfg": {"image_size": %s, "patch_size": %s, "width": %s, "layers": %s, "head_width": %s,
                    "mlp_ratio": %s},
                  "text_cfg": {"context_length": %s, "vocab_size": %s, "width": %s, "heads": %s, "layers": %s,
                    "mlp_ratio": %s}},
                 "preprocess_cfg": {"size": %s, "mean": %s, "std": %s, "interpolation": "%s", "resize_mode": "%s"}}
                """
                        .formatted(
                                model.architecture().embedDim(),
                                model.activation() == MlpActivation.QUICK_GELU,
                                vit.imageSize(),
                                vit.patchSize(),
                                vit.width(),
                                vit.layers(),
                                vit.width() / vit.heads(),
                                ratio(vit.mlpWidth(), vit.width()),
                                text.contextLength(),
                                text.vocabularySize(),
                                text.width(),
                                text.heads(),
                                text.layers(),
                                ratio(text.mlpWidth(), text.width()),
                                pixels.size(),
                                pixels.mean(),
                                pixels.std(),
                                pixels.interpolation().id(),
                                pixels.squash() ? "squash" : "shortest"));
    }

    /** Returns the least ratio whose product with the width is the MLP's when it is truncated. */
    private static double ratio(int mlpWidth, int width) {
        double ratio = (double) mlpWidth / width;
        return (int) (width * ratio) == mlpWidth ? ratio : Math.nextUp(ratio);
    }

    /** The end token of a prompt is that of the largest id, as in OpenAI's models, which 2 stands for. */
    private static Map<String, String> huggingFace(ClipConfig.Vit vit, ConvertedModel model) {
        ClipConfig.Text text = model.architecture().text();
        PreprocessConfig pixels = model.preprocessing();
        Require.that(
                !pixels.squash() && pixels.interpolation() == Interpolation.BICUBIC,
                "the model resizes images otherwise than Hugging Face's CLIP: write open_clip's form");
        String common = "\"hidden_act\": \"%s\", \"layer_norm_eps\": 1e-5, \"projection_dim\": %s"
                .formatted(model.activation().id(), model.architecture().embedDim());
        return Map.of(
                HuggingFaceConfig.FILE,
                """
                {"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": %s,
                 "text_config": {"max_position_embeddings": %s, "vocab_size": %s, "hidden_size": %s,
                   "num_attention_heads": %s, "num_hidden_layers": %s, "intermediate_size": %s,
                   "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1, %s},
                 "vision_config": {"image_size": %s, "patch_size": %s, "num_channels": 3, "hidden_size": %s,
                   "num_attention_heads": %s, "num_hidden_layers": %s, "intermediate_size": %s, %s}}
                """
                        .formatted(
                                model.architecture().embedDim(),
                                text.contextLength(),
                                text.vocabularySize(),
                                text.width(),
                                text.heads(),
                                text.layers(),
                                text.mlpWidth(),
                                common,
                                vit.imageSize(),
                                vit.patchSize(),
                                vit.width(),
                                vit.heads(),
                                vit.layers(),
                                vit.mlpWidth(),
                                common),
                HuggingFaceConfig.PREPROCESSOR,
                """
                {"image_processor_type": "CLIPImageProcessor", "do_convert_rgb": true, "do_resize": true,
                 "size": {"shortest_edge": %1$s}, "resample": 3, "do_center_crop": true,
                 "crop_size": {"height": %1$s, "width": %1$s}, "do_rescale": true, "do_normalize": true,
                 "image_mean": %2$s, "image_std": %3$s}
                """
                        .formatted(pixels.size(), pixels.mean(), pixels.std()));
    }
}
