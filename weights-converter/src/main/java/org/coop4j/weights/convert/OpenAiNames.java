package org.coop4j.weights.convert;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.base.FileRegion.ChunkConsumer;
import org.coop4j.base.InputException;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Maps a checkpoint's tensors to OpenAI's names and orientation, from those of OpenAI itself, Meta and open_clip, of
 * open_clip's custom text models and timm's Perception Encoder in them, or of Hugging Face.
 */
final class OpenAiNames {
    /** Buffers that are not weights: OpenAI's three sizes, counters and indices, all of them integers. */
    private static final Pattern BUFFER =
            Pattern.compile("input_resolution|context_length|vocab_size|(.*\\.)?(num_batches_tracked|position_ids)");

    private static final Pattern MASK = Pattern.compile("(.*\\.)?attn_mask");

    private static final Map<String, String> HUGGING_FACE_PROJECTIONS =
            Map.of("text_projection.weight", "text_projection", "visual_projection.weight", "visual.proj");

    /** A tensor of one of Hugging Face's towers: tower, layer if it is in one, module, weight or bias if it has both. */
    private static final Pattern HUGGING_FACE =
            Pattern.compile("(text|vision)_model\\.(?:encoder\\.layers\\.(\\d+)\\.)?(.*?)(?:\\.(weight|bias))?");

    /** OpenAI's names of the modules in Hugging Face's towers (transformers, {@code modeling_clip.py}). */
    private static final Map<String, String> MODULES = Map.ofEntries(
            Map.entry("embeddings.token_embedding", "token_embedding"),
            Map.entry("embeddings.position_embedding", "positional_embedding"),
            Map.entry("embeddings.class_embedding", "class_embedding"),
            Map.entry("embeddings.patch_embedding", "conv1"),
            Map.entry("pre_layrnorm", "ln_pre"),
            Map.entry("post_layernorm", "ln_post"),
            Map.entry("final_layer_norm", "ln_final"),
            Map.entry("layer_norm1", "ln_1"),
            Map.entry("layer_norm2", "ln_2"),
            Map.entry("self_attn.out_proj", "attn.out_proj"),
            Map.entry("mlp.fc1", "mlp.c_fc"),
            Map.entry("mlp.fc2", "mlp.c_proj"));

    private static final List<String> STACKED = List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");

    private static final String TRUNK = "visual.trunk.";

    /** Parts of names in timm's image tower (timm, {@code eva.py} and {@code attention_pool.py}), and OpenAI's. */
    private static final Map<String, String> TIMM = Map.ofEntries(
            Map.entry("trunk.cls_token", "class_embedding"),
            Map.entry("trunk.pos_embed", "positional_embedding"),
            Map.entry("trunk.head.weight", "proj"),
            Map.entry("trunk.patch_embed.proj.", "conv1."),
            Map.entry("trunk.norm_pre.", "ln_pre."),
            Map.entry("trunk.norm.", "ln_post."),
            Map.entry("trunk.blocks.", "transformer.resblocks."),
            Map.entry(".norm1.", ".ln_1."),
            Map.entry(".norm2.", ".ln_2."),
            Map.entry(".attn.qkv.", ".attn.in_proj_"),
            Map.entry(".attn.proj.", ".attn.out_proj."),
            Map.entry(".mlp.fc1.", ".mlp.c_fc."),
            Map.entry(".mlp.fc2.", ".mlp.c_proj."),
            Map.entry("trunk.attn_pool.", "attn_pool."),
            Map.entry("attn_pool.latent", "attn_pool.probe"),
            Map.entry("attn_pool.q.", "attn_pool.attn.in_proj_"),
            Map.entry("attn_pool.kv.", "attn_pool.attn.in_proj_"),
            Map.entry("attn_pool.proj.", "attn_pool.attn.out_proj."),
            Map.entry("attn_pool.norm.", "attn_pool.layernorm."));

    private static final List<String> POOLED = List.of("attn_pool.q", "attn_pool.kv");

    private final Map<String, SourceTensor> tensors = new LinkedHashMap<>();

    private OpenAiNames() {}

    /**
     * Returns the weights by OpenAI's names; buffers are left out, names of no known scheme are kept.
     *
     * @throws InputException if two tensors map to the same name, or one of a query, key and value is missing
     */
    static Map<String, SourceTensor> of(List<TensorView> source) throws IOException {
        OpenAiNames names = new OpenAiNames();
        Set<String> given = source.stream().map(TensorView::name).collect(Collectors.toSet());
        boolean huggingFace = given.stream().anyMatch(name -> name.startsWith("text_model.encoder."));
        boolean customText = given.contains("text.token_embedding.weight");
        // SigLIP's pooling has the same names, but its patches have a bias.
        boolean peCore = given.containsAll(Set.of(TRUNK + "attn_pool.latent", TRUNK + "norm_pre.weight"))
                && !given.contains(TRUNK + "patch_embed.proj.bias");
        for (TensorView tensor : source) {
            String name = tensor.name();
            if (isBuffer(tensor)) {
                continue;
            }
            if (huggingFace) {
                names.addHuggingFace(tensor);
            } else if (peCore && name.startsWith(TRUNK)) {
                names.addTimm(tensor);
            } else {
                names.add(customText ? name.replaceFirst("^text\\.", "") : name, 0, 1, tensor);
            }
        }
        for (Map.Entry<String, SourceTensor> entry : names.tensors.entrySet()) {
            List<TensorView> parts = entry.getValue().parts;
            int missing = parts.indexOf(null);
            if (missing >= 0) {
                List<String> expected = parts.size() == POOLED.size() ? POOLED : STACKED;
                throw new InputException(
                        "%s is incomplete: its %s is missing".formatted(entry.getKey(), expected.get(missing)));
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
        String projection = HUGGING_FACE_PROJECTIONS.get(name);
        Matcher match = HUGGING_FACE.matcher(name);
        if (projection != null) {
            add(projection, 0, 1, tensor.transposed());
        } else if (match.matches()) {
            addToTower(match, tensor);
        } else {
            add(name, 0, 1, tensor);
        }
    }

    private void addToTower(Matcher match, TensorView tensor) throws InputException {
        String tower = match.group(1).equals("text") ? "" : "visual.";
        String prefix = match.group(2) == null ? tower : tower + "transformer.resblocks." + match.group(2) + ".";
        String kind = match.group(4);
        int part = STACKED.indexOf(match.group(3));
        if (part >= 0 && kind != null) {
            add(prefix + "attn.in_proj_" + kind, part, STACKED.size(), tensor);
            return;
        }
        String module = MODULES.get(match.group(3));
        String name = kind == null ? prefix + module : prefix + module + "." + kind;
        String renamed = name.replace("positional_embedding.weight", "positional_embedding");
        add(module == null ? tensor.name() : renamed, 0, 1, tensor);
    }

    private void addTimm(TensorView tensor) throws IOException {
        String name = tensor.name();
        if (name.equals(TRUNK + "head.bias")) {
            requireZeros(tensor); // open_clip has it, Meta has not
            return;
        }
        String renamed = name;
        for (Map.Entry<String, String> part : TIMM.entrySet()) {
            renamed = renamed.replace(part.getKey(), part.getValue());
        }
        switch (name.substring(TRUNK.length())) {
            case "cls_token" -> add(renamed, 0, 1, tensor.innermost(1));
            case "pos_embed" -> add(renamed, 0, 1, tensor.innermost(2));
            case "head.weight" -> add(renamed, 0, 1, tensor.transposed());
            case "attn_pool.q.weight", "attn_pool.q.bias" -> add(renamed, 0, POOLED.size(), tensor);
            case "attn_pool.kv.weight", "attn_pool.kv.bias" -> add(renamed, 1, POOLED.size(), tensor);
            default -> add(renamed, 0, 1, tensor);
        }
    }

    private static void requireZeros(TensorView tensor) throws IOException {
        tensor.forEachChunk(chunk -> {
            while (chunk.hasRemaining()) {
                if (chunk.get() != 0) {
                    throw new InputException(
                            tensor.name() + " is not supported: expected zeros, as in published Perception Encoders");
                }
            }
        });
    }

    /** Adds part {@code index} of {@code count} of the tensor of that name. */
    private void add(String name, int index, int count, TensorView part) throws InputException {
        SourceTensor tensor =
                tensors.computeIfAbsent(name, n -> new SourceTensor(Arrays.asList(new TensorView[count])));
        if (tensor.parts.size() != count || tensor.parts.set(index, part) != null) {
            throw new InputException("two tensors of the checkpoint map to " + name);
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
                if (part.dtype() != first.dtype()
                        || dims.length == 0
                        || part.shape().rank() != dims.length
                        || !inner(part).equals(inner(first))) {
                    throw new InputException("cannot stack %s on %s".formatted(part, first));
                }
                dims[0] += part.shape().dim(0);
            }
            return new TensorSpec(name, first.dtype(), Shape.of(dims));
        }

        private static List<Long> inner(TensorView part) {
            return part.shape().dims().subList(1, part.shape().rank());
        }

        void forEachChunk(ChunkConsumer consumer) throws IOException {
            for (TensorView part : parts) {
                part.forEachChunk(consumer);
            }
        }
    }
}
