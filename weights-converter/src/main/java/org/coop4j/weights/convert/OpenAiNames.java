package org.coop4j.weights.convert;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.FileRegion.ChunkConsumer;
import org.coop4j.base.InputException;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Maps a checkpoint's tensors to OpenAI's names and orientation, from those of OpenAI itself and open_clip, of
 * open_clip's custom text models, or of Hugging Face.
 */
final class OpenAiNames {
    /** Buffers that are not weights: OpenAI's three sizes, counters and indices, all of them integers. */
    private static final Pattern BUFFER =
            Pattern.compile("input_resolution|context_length|vocab_size|(.*\\.)?(num_batches_tracked|position_ids)");

    private static final Pattern MASK = Pattern.compile("(.*\\.)?attn_mask");

    /** Tensors of Hugging Face's towers (transformers, {@code modeling_clip.py}) outside of their layers. */
    private static final Map<String, String> HUGGING_FACE = Map.ofEntries(
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

    private static final Pattern TRANSPOSED = Pattern.compile("(text|visual)_projection\\.weight");
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

    private OpenAiNames() {}

    /**
     * Returns the weights by OpenAI's names; buffers are left out, names of no known scheme are kept.
     *
     * @throws InputException if two tensors map to the same name, or one of a query, key and value is missing
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
            } else {
                names.add(customText ? tensor.name().replaceFirst("^text\\.", "") : tensor.name(), 0, 1, tensor);
            }
        }
        for (Map.Entry<String, SourceTensor> entry : names.tensors.entrySet()) {
            int missing = entry.getValue().parts.indexOf(null);
            if (missing >= 0) {
                throw new InputException(
                        "%s cannot be made: its %s is missing".formatted(entry.getKey(), STACKED.get(missing)));
            }
        }
        return names.tensors;
    }

    private static boolean isBuffer(TensorView tensor) {
        return MASK.matcher(tensor.name()).matches()
                || (!tensor.dtype().isFloat() && BUFFER.matcher(tensor.name()).matches());
    }

    private void addHuggingFace(TensorView tensor) throws InputException {
        String name = tensor.name();
        Matcher layer = LAYER.matcher(name);
        if (!layer.matches()) {
            boolean transposed = TRANSPOSED.matcher(name).matches();
            add(HUGGING_FACE.getOrDefault(name, name), 0, 1, transposed ? tensor.transposed() : tensor);
            return;
        }
        String tower = layer.group(1).equals("text") ? "" : "visual.";
        String block = tower + "transformer.resblocks." + layer.group(2) + ".";
        int part = STACKED.indexOf(layer.group(3));
        if (part >= 0) {
            add(block + "attn.in_proj_" + layer.group(4), part, STACKED.size(), tensor);
        } else {
            String inLayer = IN_LAYER.get(layer.group(3));
            add(inLayer == null ? name : block + inLayer + "." + layer.group(4), 0, 1, tensor);
        }
    }

    /** Adds part {@code index} of {@code count} of the tensor of that name. */
    private void add(String name, int index, int count, TensorView part) throws InputException {
        SourceTensor tensor =
                tensors.computeIfAbsent(name, n -> new SourceTensor(Arrays.asList(new TensorView[count])));
        if (tensor.parts.size() != count || tensor.parts.set(index, part) != null) {
            throw new InputException("two tensors of the checkpoint are " + name);
        }
    }

    /**
     * A tensor of the converted model: one of the source, or several stacked along the first dimension (queries, keys
     * and values).
     *
     * @param parts in stacking order, at least one
     */
    record SourceTensor(List<TensorView> parts) {

        /** Returns the declaration of the stacked tensor. */
        TensorSpec spec(String name) throws InputException {
            TensorView first = parts.get(0);
            long[] dims = first.shape().toArray();
            for (TensorView part : parts.subList(1, parts.size())) {
                if (!part.shape().equals(first.shape()) || part.dtype() != first.dtype() || dims.length == 0) {
                    throw new InputException("cannot stack %s on %s".formatted(part, first));
                }
                dims[0] += first.shape().dim(0);
            }
            return new TensorSpec(name, first.dtype(), Shape.of(dims));
        }

        void forEachChunk(ChunkConsumer consumer) throws IOException {
            for (TensorView part : parts) {
                part.forEachChunk(consumer);
            }
        }
    }
}
