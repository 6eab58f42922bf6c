package org.coop4j.weights.convert;

import static org.coop4j.base.InputException.require;

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

    private static final String TRUNK = "visual.trunk.";

    /** A tensor of Hugging Face or timm: layer if it is in one, module, weight or bias if it has both. */
    private static final Pattern RENAMED =
            Pattern.compile("(?:text_model\\.|vision_model\\.|visual\\.trunk\\.|(?=.*_projection))"
                    + "(?:(?:encoder\\.layers|blocks)\\.(\\d+)\\.)?(.*?)(?:\\.(weight|bias))?");

    /**
     * OpenAI's names of modules in Hugging Face's towers (transformers, {@code modeling_clip.py}) and in timm's image
     * tower ({@code eva.py} and {@code attention_pool.py}); * stands for weight or bias.
     */
    private static final Map<String, String> MODULES =
            """
            embeddings.token_embedding    token_embedding.*
            embeddings.position_embedding positional_embedding
            pos_embed                     positional_embedding
            embeddings.class_embedding    class_embedding
            cls_token                     class_embedding
            embeddings.patch_embedding    conv1.*
            patch_embed.proj              conv1.*
            pre_layrnorm                  ln_pre.*
            norm_pre                      ln_pre.*
            post_layernorm                ln_post.*
            norm                          ln_post.*
            final_layer_norm              ln_final.*
            layer_norm1                   ln_1.*
            norm1                         ln_1.*
            layer_norm2                   ln_2.*
            norm2                         ln_2.*
            self_attn.q_proj              attn.in_proj_*
            self_attn.k_proj              attn.in_proj_*
            self_attn.v_proj              attn.in_proj_*
            attn.qkv                      attn.in_proj_*
            self_attn.out_proj            attn.out_proj.*
            attn.proj                     attn.out_proj.*
            mlp.fc1                       mlp.c_fc.*
            mlp.fc2                       mlp.c_proj.*
            attn_pool.latent              attn_pool.probe
            attn_pool.q                   attn_pool.attn.in_proj_*
            attn_pool.kv                  attn_pool.attn.in_proj_*
            attn_pool.proj                attn_pool.attn.out_proj.*
            attn_pool.norm                attn_pool.layernorm.*
            attn_pool.mlp.fc1             attn_pool.mlp.c_fc.*
            attn_pool.mlp.fc2             attn_pool.mlp.c_proj.*
            text_projection               text_projection
            visual_projection             proj
            head                          proj
            """
                    .lines()
                    .map(row -> row.split(" +", -1))
                    .collect(Collectors.toMap(row -> row[0], row -> row[1]));

    /** Modules that are parts of one tensor, in stacking order. */
    private static final List<List<String>> STACKED = List.of(
            List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            List.of("attn_pool.q", "attn_pool.kv"));

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
            if (huggingFace || (peCore && name.startsWith(TRUNK))) {
                names.addRenamed(tensor);
            } else {
                names.add(customText ? name.replaceFirst("^text\\.", "") : name, "", tensor);
            }
        }
        for (Map.Entry<String, SourceTensor> entry : names.tensors.entrySet()) {
            int missing = entry.getValue().parts.indexOf(null);
            if (missing >= 0) {
                throw new InputException("%s is incomplete: its %s is missing"
                        .formatted(entry.getKey(), entry.getValue().modules.get(missing)));
            }
        }
        return names.tensors;
    }

    private static boolean isBuffer(TensorView tensor) {
        return MASK.matcher(tensor.name()).matches()
                || (!tensor.dtype().isFloat() && BUFFER.matcher(tensor.name()).matches());
    }

    private void addRenamed(TensorView tensor) throws IOException {
        String name = tensor.name();
        Matcher match = RENAMED.matcher(name);
        String module = match.matches() ? match.group(2) : "";
        String openAi = MODULES.get(module);
        String kind = openAi == null ? null : match.group(3);
        if (name.equals(TRUNK + "head.bias")) {
            requireZeros(tensor); // open_clip has it, Meta has not
        } else if (openAi == null || (openAi.endsWith("*") ? kind == null : "bias".equals(kind))) {
            add(name, "", tensor);
        } else {
            String tower = name.startsWith("vis") ? "visual." : "";
            String layer = match.group(1) == null ? "" : "transformer.resblocks." + match.group(1) + ".";
            TensorView oriented =
                    switch (openAi) {
                        case "class_embedding" -> tensor.innermost(1);
                        case "positional_embedding" -> tensor.innermost(2);
                        case "text_projection", "proj" -> tensor.transposed();
                        default -> tensor;
                    };
            add(tower + layer + openAi.replace("*", String.valueOf(kind)), module, oriented);
        }
    }

    private static void requireZeros(TensorView tensor) throws IOException {
        tensor.forEachChunk(chunk -> {
            while (chunk.hasRemaining()) {
                require(
                        chunk.get() == 0,
                        "%s is not supported: expected zeros, as in published Perception Encoders",
                        tensor.name());
            }
        });
    }

    /** Adds the tensor of that name, or the part of it that is in a module. */
    private void add(String name, String module, TensorView part) throws InputException {
        List<String> modules = STACKED.stream()
                .filter(stacked -> stacked.contains(module))
                .findFirst()
                .orElse(List.of(module));
        SourceTensor tensor = tensors.computeIfAbsent(
                name, n -> new SourceTensor(modules, Arrays.asList(new TensorView[modules.size()])));
        require(
                tensor.modules.size() == modules.size() && tensor.parts.set(modules.indexOf(module), part) == null,
                "two tensors of the checkpoint map to %s",
                name);
    }

    /**
     * A tensor of the converted model: one of the source, or several stacked along the first dimension (queries, keys
     * and values).
     *
     * @param modules that hold the parts in the source
     * @param parts in stacking order, at least one
     */
    record SourceTensor(List<String> modules, List<TensorView> parts) {

        /** Returns the declaration of the stacked tensor. */
        TensorSpec spec(String name) throws InputException {
            TensorView first = parts.get(0);
            long[] dims = first.shape().toArray();
            for (TensorView part : parts.subList(1, parts.size())) {
                require(
                        part.dtype() == first.dtype()
                                && dims.length != 0
                                && part.shape().rank() == dims.length
                                && inner(part).equals(inner(first)),
                        "cannot stack %s on %s",
                        part,
                        first);
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
