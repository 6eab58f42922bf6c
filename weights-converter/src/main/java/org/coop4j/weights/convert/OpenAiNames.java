package org.coop4j.weights.convert;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.TensorView;

/**
 * Brings a checkpoint's tensors to OpenAI's names and orientation, from those of OpenAI itself and
 * open_clip, of open_clip's custom text models, or of Hugging Face.
 */
final class OpenAiNames {
    /** Buffers that are no weights: OpenAI's three sizes, and counters, indices and masks. */
    private static final Set<String> SIZES = Set.of("input_resolution", "context_length", "vocab_size");

    private static final Pattern BUFFER = Pattern.compile("(.*\\.)?(num_batches_tracked|position_ids)");
    private static final Pattern MASK = Pattern.compile("(.*\\.)?attn_mask");

    /** Hugging Face's towers (transformers, {@code modeling_clip.py}) without their layers. */
    private static final Map<String, String> HUGGING_FACE = Map.ofEntries(
            Map.entry("logit_scale", "logit_scale"),
            Map.entry("text_projection.weight", "text_projection"),
            Map.entry("visual_projection.weight", "visual.proj"),
            Map.entry("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
            Map.entry("text_model.embeddings.position_embedding.weight", "positional_embedding"),
            Map.entry("text_model.final_layer_norm.weight", "ln_final.weight"),
            Map.entry("text_model.final_layer_norm.bias", "ln_final.bias"),
            Map.entry("vision_model.embeddings.class_embedding", "visual.class_embedding"),
            Map.entry("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"),
            Map.entry("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
            Map.entry("vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"),
            Map.entry("vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"),
            Map.entry("vision_model.post_layernorm.weight", "visual.ln_post.weight"),
            Map.entry("vision_model.post_layernorm.bias", "visual.ln_post.bias"));

    private static final Set<String> TRANSPOSED = Set.of("text_projection.weight", "visual_projection.weight");

    private static final Pattern LAYER =
            Pattern.compile("(text|vision)_model\\.encoder\\.layers\\.(\\d+)\\.(.*)\\.(weight|bias)");

    private static final Map<String, String> IN_LAYER = Map.of(
            "layer_norm1", "ln_1",
            "layer_norm2", "ln_2",
            "self_attn.out_proj", "attn.out_proj",
            "mlp.fc1", "mlp.c_fc",
            "mlp.fc2", "mlp.c_proj");

    private static final List<String> STACKED = List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");

    private final Map<String, SourceTensor> tensors = new LinkedHashMap<>();
    private final Map<String, TensorView[]> stacks = new LinkedHashMap<>();

    private OpenAiNames() {}

    /**
     * The weights by OpenAI's names; buffers are left out, names that fit no scheme are kept.
     *
     * @throws InputException when two tensors come to the same name, or one of a query, key and
     *     value is missing
     */
    static Map<String, SourceTensor> of(List<TensorView> source) throws InputException {
        OpenAiNames names = new OpenAiNames();
        boolean huggingFace = source.stream().anyMatch(t -> t.name().startsWith("text_model.encoder."));
        boolean customText = source.stream().anyMatch(t -> t.name().equals("text.token_embedding.weight"));
        for (TensorView tensor : source) {
            if (isBuffer(tensor)) {
                continue;
            }
            if (huggingFace) {
                names.addHuggingFace(tensor);
            } else if (customText && tensor.name().startsWith("text.")) {
                names.add(tensor.name().substring("text.".length()), tensor);
            } else {
                names.add(tensor.name(), tensor);
            }
        }
        names.stack();
        return names.tensors;
    }

    private static boolean isBuffer(TensorView tensor) {
        String name = tensor.name();
        boolean integers = tensor.dtype().isInteger() || tensor.dtype() == DType.BOOL;
        return MASK.matcher(name).matches()
                || (integers && (SIZES.contains(name) || BUFFER.matcher(name).matches()));
    }

    private void addHuggingFace(TensorView tensor) throws InputException {
        String name = tensor.name();
        Matcher layer = LAYER.matcher(name);
        if (HUGGING_FACE.containsKey(name)) {
            add(HUGGING_FACE.get(name), TRANSPOSED.contains(name) ? tensor.transposed() : tensor);
        } else if (layer.matches()) {
            addLayer(layer, tensor);
        } else {
            add(name, tensor);
        }
    }

    private void addLayer(Matcher layer, TensorView tensor) throws InputException {
        String tower = layer.group(1).equals("text") ? "" : "visual.";
        String block = tower + "transformer.resblocks." + layer.group(2) + ".";
        int part = STACKED.indexOf(layer.group(3));
        if (part >= 0) {
            String name = block + "attn.in_proj_" + layer.group(4);
            stacks.computeIfAbsent(name, n -> new TensorView[STACKED.size()])[part] = tensor;
        } else if (IN_LAYER.containsKey(layer.group(3))) {
            add(block + IN_LAYER.get(layer.group(3)) + "." + layer.group(4), tensor);
        } else {
            add(tensor.name(), tensor);
        }
    }

    private void stack() throws InputException {
        for (Map.Entry<String, TensorView[]> stack : stacks.entrySet()) {
            List<TensorView> parts = new ArrayList<>();
            for (int i = 0; i < STACKED.size(); i++) {
                TensorView part = stack.getValue()[i];
                if (part == null) {
                    throw new InputException(
                            "%s cannot be made: its %s is missing".formatted(stack.getKey(), STACKED.get(i)));
                }
                parts.add(part);
            }
            put(stack.getKey(), new SourceTensor(parts));
        }
    }

    private void add(String name, TensorView tensor) throws InputException {
        put(name, SourceTensor.of(tensor));
    }

    private void put(String name, SourceTensor tensor) throws InputException {
        if (tensors.put(name, tensor) != null) {
            throw new InputException("two tensors of the checkpoint are " + name);
        }
    }

    /**
     * A tensor of the converted model: one of the source, or several stacked along the first dimension
     * (queries, keys and values).
     *
     * @param parts in stacking order, at least one
     */
    record SourceTensor(List<TensorView> parts) {
        SourceTensor {
            parts = List.copyOf(parts);
        }

        static SourceTensor of(TensorView view) {
            return new SourceTensor(List.of(view));
        }

        DType dtype() {
            return parts.get(0).dtype();
        }

        /** The stacked shape. */
        Shape shape() throws InputException {
            Shape first = parts.get(0).shape();
            if (parts.size() == 1) {
                return first;
            }
            List<Long> dims = new ArrayList<>(first.dims());
            for (TensorView part : parts) {
                if (!part.shape().equals(first) || part.dtype() != dtype() || first.rank() == 0) {
                    throw new InputException("cannot stack %s on %s".formatted(part, parts.get(0)));
                }
            }
            dims.set(0, dims.get(0) * parts.size());
            return new Shape(dims);
        }

        TensorSpec spec(String name) throws InputException {
            return new TensorSpec(name, dtype(), shape());
        }

        void forEachChunk(TensorView.ChunkConsumer consumer) throws IOException {
            for (TensorView part : parts) {
                part.forEachChunk(consumer);
            }
        }
    }
}
