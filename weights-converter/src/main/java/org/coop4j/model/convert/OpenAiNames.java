package org.coop4j.model.convert;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.base.FileRegion.ChunkConsumer;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.Require;
import org.coop4j.base.Resource;
import org.coop4j.weights.DType;
import org.coop4j.weights.HalfFloats;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Maps a checkpoint's tensors to OpenAI's names and orientation, from those of OpenAI itself, Meta and open_clip, of
 * open_clip's custom text models and timm's Perception Encoder and SigLIP in them, of TIPS, or of Hugging Face.
 */
final class OpenAiNames {
    /** Buffers that are not weights: OpenAI's three sizes, counters and indices, all of them integers. */
    private static final Pattern BUFFER =
            Pattern.compile("input_resolution|context_length|vocab_size|(.*\\.)?(num_batches_tracked|position_ids)");

    private static final Pattern MASK = Pattern.compile("(.*\\.)?attn_mask");

    /** One number in a vector in SigLIP's files of Hugging Face. */
    private static final Set<String> SCALARS = Set.of("logit_scale", "logit_bias");

    static final String TRUNK = "visual.trunk.";

    /** A tensor of Hugging Face or timm: layer if it is in one, module, weight or bias if it has both. */
    private static final Pattern RENAMED = Pattern.compile("(?:text_model\\.(?!head)|vision_model\\.|visual\\.trunk\\."
            + "|(?=text_model\\.head|.*_projection))"
            + "(?:(?:encoder\\.layers|blocks)\\.(\\d+)\\.)?(.*?)(?:\\.(weight|bias))?");

    /** A tensor by OpenAI's name: the image tower's or not, layer if it is in one, the rest. */
    private static final Pattern OURS = Pattern.compile("(visual\\.)?(?:transformer\\.resblocks\\.(\\d+)\\.)?(.*)");

    /** Modules of Hugging Face by OpenAI's name, in stacking order. */
    private static final Map<String, List<String>> HUGGING_FACE = new HashMap<>();

    private static final Map<String, Target> TARGETS = targets();

    private final Map<String, Target> targets = new LinkedHashMap<>();
    private final Map<String, TensorView[]> parts = new HashMap<>();

    /** OpenAI's name of a tensor, and the modules of its parts in stacking order. */
    private record Target(String name, List<String> modules) {}

    private OpenAiNames() {}

    private static Map<String, Target> targets() {
        Map<String, Target> targets = new HashMap<>();
        for (String line : Resource.rows(OpenAiNames.class, "modules.txt")) {
            String[] row = line.split(" +", -1);
            Target target = new Target(row[1], List.of(row[0].split("\\+", -1)));
            target.modules.forEach(module -> targets.put(module, target));
            HUGGING_FACE.putIfAbsent(target.name, target.modules);
        }
        return targets;
    }

    /**
     * Returns the weights by OpenAI's names; buffers are left out, names of no known scheme are kept.
     *
     * @throws InputException if two tensors map to the same name, or one of a query, key and value is missing
     */
    static Map<String, SourceTensor> of(Collection<TensorView> source) throws IOException {
        OpenAiNames names = new OpenAiNames();
        Set<String> given = source.stream().map(TensorView::name).collect(Collectors.toSet());
        boolean huggingFace = given.stream().anyMatch(name -> name.startsWith("text_model.encoder."));
        boolean customText = given.contains("text.token_embedding.weight");
        // A Perception Encoder has a norm of its patches, SigLIP a bias.
        boolean pooled = given.contains(TRUNK + "attn_pool.latent")
                && given.contains(TRUNK + "norm_pre.weight") != given.contains(TRUNK + "patch_embed.proj.bias");
        boolean tips = given.stream().anyMatch(name -> name.startsWith(TipsForm.IMAGE + "blocks."));
        for (TensorView tensor : source) {
            if (isBuffer(tensor)) {
                continue;
            }
            String name = customText ? tensor.name().replaceFirst("^text\\.", "") : tensor.name();
            if (tips) {
                name = name.replace(TipsForm.IMAGE, TRUNK).replace(TipsForm.TEXT, "");
            }
            if (huggingFace || ((pooled || tips) && name.startsWith(TRUNK)) || name.startsWith("text_projection.")) {
                names.addRenamed(name, tensor);
            } else {
                names.add(name, tensor);
            }
        }
        Map<String, SourceTensor> tensors = new LinkedHashMap<>();
        for (Target target : names.targets.values()) {
            List<TensorView> parts = Arrays.asList(names.parts.get(target.name));
            int missing = parts.indexOf(null);
            if (missing >= 0) {
                throw new InputException(
                        "%s is incomplete: its %s is missing".formatted(target.name, target.modules.get(missing)));
            }
            tensors.put(target.name, SourceTensor.of(target.name, parts));
        }
        return tensors;
    }

    /** Returns Hugging Face's names of a tensor of CLIP's own towers, of its parts in stacking order. */
    static List<String> huggingFace(String name) {
        Matcher match = OURS.matcher(name);
        Require.that(match.matches(), "%s is not a tensor of CLIP", name);
        String kind = name.endsWith("weight") ? "weight" : name.endsWith("bias") ? "bias" : "";
        String own = match.group(3).substring(0, match.group(3).length() - kind.length()) + (kind.isEmpty() ? "" : "*");
        String tower = match.group(1) == null ? "text_model." : "vision_model.";
        String layer = match.group(2) == null ? "" : "encoder.layers." + match.group(2) + ".";
        return HUGGING_FACE.containsKey(own)
                ? HUGGING_FACE.get(own).stream()
                        .map(module -> (module.endsWith("_projection") ? "" : tower + layer)
                                + module
                                + (module.endsWith("class_embedding") ? "" : "." + (kind.isEmpty() ? "weight" : kind)))
                        .toList()
                : List.of(name);
    }

    private static boolean isBuffer(TensorView tensor) {
        return MASK.matcher(tensor.name()).matches()
                || (!tensor.dtype().isFloat() && BUFFER.matcher(tensor.name()).matches());
    }

    private void addRenamed(String name, TensorView tensor) throws IOException {
        Matcher match = RENAMED.matcher(name);
        String module = match.matches() ? match.group(2) : "";
        Target target = TARGETS.get(module);
        String openAi = target == null ? "" : target.name;
        String kind = target == null ? null : match.group(3);
        if (name.equals(TRUNK + "head.bias")) {
            requireZeros(tensor); // open_clip has it, Meta has not
        } else if (openAi.equals("text_projection") && "bias".equals(kind)) {
            add(openAi + "_bias", tensor);
        } else if (target == null || (openAi.endsWith("*") ? kind == null : "bias".equals(kind))) {
            add(name, SCALARS.contains(name) && tensor.shape().rank() == 1 ? tensor.innermost(0) : tensor);
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
            add(
                    new Target(tower + layer + openAi.replace("*", String.valueOf(kind)), target.modules),
                    module,
                    oriented);
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

    /** Adds a tensor under a name of its own. */
    private void add(String name, TensorView tensor) throws InputException {
        add(new Target(name, List.of("")), "", tensor);
    }

    private void add(Target target, String module, TensorView part) throws InputException {
        Target first = targets.computeIfAbsent(target.name, name -> target);
        TensorView[] all = parts.computeIfAbsent(target.name, name -> new TensorView[target.modules.size()]);
        int at = target.modules.indexOf(module);
        require(
                first.modules.size() == target.modules.size() && all[at] == null,
                "two tensors of the checkpoint map to %s",
                target.name);
        all[at] = part;
    }

    /**
     * A tensor of the converted model: one of the source, several stacked along the first dimension (queries, keys
     * and values), or one that is computed of them.
     *
     * @param contents passes its bytes on
     */
    record SourceTensor(TensorSpec spec, Contents contents) {
        /** The bytes of a tensor. */
        @FunctionalInterface
        interface Contents {
            void forEachChunk(ChunkConsumer consumer) throws IOException;
        }

        /** A tensor in float32 that is computed when it is written. */
        static SourceTensor computed(String name, Shape shape, IoFunction<Shape, float[]> values) {
            return new SourceTensor(new TensorSpec(name, DType.F32, shape), consumer -> {
                float[] floats = values.apply(shape);
                ByteBuffer bytes =
                        ByteBuffer.allocate(Float.BYTES * floats.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(floats);
                consumer.accept(bytes);
            });
        }

        /** Returns the values in float32. */
        float[] floats() throws IOException {
            FloatBuffer values =
                    FloatBuffer.allocate(Math.toIntExact(spec.shape().elements()));
            contents.forEachChunk(chunk -> HalfFloats.widen(spec.dtype(), chunk, values));
            return values.array();
        }

        private static SourceTensor of(String name, List<TensorView> parts) throws InputException {
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
            return new SourceTensor(new TensorSpec(name, first.dtype(), Shape.of(dims)), consumer -> {
                for (TensorView part : parts) {
                    part.forEachChunk(consumer);
                }
            });
        }

        private static List<Long> inner(TensorView part) {
            return part.shape().dims().subList(1, part.shape().rank());
        }
    }
}
