package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.Parameters.LowRank;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.method.Training.Schedule;
import org.coop4j.model.ClipConfig;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchTensor;

/**
 * CLIP-LoRA (Zanella, Ben Ayed: "Low-Rank Few-Shot Adaptation of Vision-Language Models", CVPR workshops 2024; the
 * reference's {@code lora.py}): low-rank branches beside the projections of attention, W x + s · B (A · drop(x)) with s = α
 * / √r, in the blocks of both towers.
 *
 * @param rank r
 * @param alpha α
 * @param dropout probability with which an element of a branch's input is 0 in training
 * @param encoder towers with branches
 * @param params projections with branches
 * @param visionStart first block of the image tower with branches
 * @param textStart first block of the text tower with branches
 */
record ClipLora(
        @Setting("rank of the branches") int rank,
        @Setting("factor of the branches, divided by the root of the rank") double alpha,
        @Setting("share of a branch's input that is dropped in training, less than 1") double dropout,
        @Setting("towers with branches") Encoder encoder,
        @Setting("projections of attention with branches, o the output's") Projections params,
        @Setting("first block of the image tower with branches, from 0") int visionStart,
        @Setting("first block of the text tower with branches, from 0") int textStart)
        implements TowerMethod {

    private static final String A = ".w_lora_A";
    private static final String B = ".w_lora_B";

    /** Projections of attention: queries, keys, values and output. */
    @SuppressWarnings("ImmutableEnumChecker") // the list is immutable
    enum Projections {
        /** Queries. */
        Q("q_proj"),
        /** Values. */
        V("v_proj"),
        /** Queries and values. */
        QV("q_proj", "v_proj"),
        /** Queries, keys and values. */
        QKV("q_proj", "k_proj", "v_proj"),
        /** All four. */
        QKVO("q_proj", "k_proj", "v_proj", "proj");

        private final List<String> names; // the reference's

        Projections(String... names) {
            this.names = List.of(names);
        }
    }

    /** Towers to change. */
    enum Encoder {
        /** Both towers. */
        BOTH,
        /** The image tower; class features are computed once. */
        VISION,
        /** The text tower. */
        TEXT
    }

    public ClipLora {
        Require.present("encoder", encoder);
        Require.notNegative("vision_start", visionStart);
        Require.notNegative("text_start", textStart);
        Require.positive("rank", rank);
        Require.positive("alpha", alpha);
        Require.that(dropout >= 0 && dropout < 1, "dropout: expected 0 or more and less than 1, got %s", dropout);
        Require.present("params", params);
    }

    /** The reference's settings, for every dataset. */
    public ClipLora() {
        this(2, 1, 0.25, Encoder.BOTH, Projections.QKV, 0, 0);
    }

    @Override
    public About about() {
        return new About(
                "clip-lora",
                "CLIP-LoRA (rank %d%s)".formatted(rank, alpha == 1 ? "" : ", α = " + Numbers.plain(alpha)),
                "Low-rank changes of attention in both towers: among the most accurate with several images per class, weak on new"
                        + " classes (Zanella and Ben Ayed, 2024).");
    }

    /** Returns 500 epochs, of as many steps as a class has images. */
    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAMW, 500, 32, 2e-4, 0.01, 1e-8, Schedule.STEP_COSINE_TO_FLOOR);
    }

    @Override
    public Fast fast(Clip clip, int block, int classes) {
        int text = clip.architecture().text().layers() / 2;
        int epochs = TowerMethod.epochsOfPasses(8, classes);
        return new Fast(
                with(Map.of("vision_start", block, "text_start", text)),
                Training.adam(Algorithm.ADAMW, epochs, FAST_BATCH, 2e-3, 0.01, 1e-8, Schedule.STEP_COSINE_TO_FLOOR),
                4);
    }

    /** Returns A, drawn from U(±1/√in), and B, which is 0, of each projection. */
    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        List<LearnedTensor> tensors = new ArrayList<>();
        if (encoder != Encoder.VISION) {
            ClipConfig.Text text = clip.architecture().text();
            add(tensors, "transformer.resblocks.", textStart, text.layers(), text.width(), seed);
        }
        if (encoder != Encoder.TEXT) {
            ClipConfig.Vit vision = vit(clip);
            add(tensors, "visual.transformer.resblocks.", visionStart, vision.layers(), vision.width(), seed);
        }
        return tensors;
    }

    private void add(List<LearnedTensor> tensors, String blocks, int from, int layers, int width, long seed) {
        TowerMethod.requireBlock(from, layers);
        for (int block = from; block < layers; block++) {
            for (String projection : params.names) {
                String name = blocks + block + ".attn." + projection;
                SplittableRandom random = RandomStream.of(seed, "initial " + name + A);
                tensors.add(LearnedTensor.uniform(random, width, name + A, rank, width));
                tensors.add(LearnedTensor.zeros(name + B, width, rank));
            }
        }
    }

    /** Returns the settings in the file's {@code metadata}: rank, α, towers, projections and the position of the blocks. */
    @Override
    public TowerMethod ofCheckpoint(Clip clip, TorchFile file) throws IOException {
        Object saved = file.root() instanceof Map<?, ?> root ? root.get("metadata") : null;
        if (!(saved instanceof Map<?, ?> metadata)) {
            return this;
        }
        String position = String.valueOf(metadata.get("position"));
        Map<String, Object> settings = new LinkedHashMap<>();
        try {
            settings.put("rank", metadata.get("r"));
            settings.put("alpha", metadata.get("alpha"));
            settings.put("encoder", metadata.get("encoder"));
            settings.put("params", letters(metadata.get("params")));
            settings.put("vision_start", first(position, vit(clip).layers()));
            settings.put(
                    "text_start", first(position, clip.architecture().text().layers()));
            settings.values().removeIf(Objects::isNull);
            return (TowerMethod) with(settings);
        } catch (IllegalArgumentException e) {
            throw new InputException("%s: its metadata: %s".formatted(file.path(), e.getMessage()), e);
        }
    }

    /** Returns the projections of a list such as [q, k, v], or null if it is none. */
    private static String letters(Object params) {
        return params instanceof List<?> letters
                ? letters.stream()
                        .map(String::valueOf)
                        .sorted(Comparator.comparingInt("qkvo"::indexOf))
                        .collect(Collectors.joining())
                : null;
    }

    /** Returns the first of the upper blocks that a position of the reference means. */
    private static int first(String position, int layers) {
        return switch (position) {
            case "all", "null" -> 0;
            case "half-up" -> layers / 2;
            case "up" -> layers * 2 / 3;
            case "top1", "top2", "top3" -> Math.max(0, layers - (position.charAt(3) - '0'));
            default ->
                throw new IllegalArgumentException(
                        "position: expected upper blocks (all, half-up, up or top3), got " + position);
        };
    }

    /** Returns the tensors of {@code weights}, whose layers are the text tower's blocks and then the image tower's. */
    @Override
    public Map<String, TorchTensor> checkpoint(Clip clip, TorchFile file) throws IOException {
        Object weights = file.root() instanceof Map<?, ?> root ? root.get("weights") : null;
        InputException.require(
                weights instanceof Map<?, ?>,
                "%s holds no weights of layers: not a checkpoint of clip-lora",
                file.path());
        List<String> layers = besideContext(clip, 0).stream()
                .map(tensor -> tensor.name().replaceFirst("attn\\..*", "attn."))
                .distinct()
                .toList();
        Map<String, TorchTensor> tensors = new LinkedHashMap<>();
        entries(weights).forEach((key, layer) -> {
            int number = String.valueOf(key).matches("layer_\\d{1,3}")
                    ? Integer.parseInt(String.valueOf(key).substring("layer_".length()))
                    : layers.size();
            String block = number < layers.size() ? layers.get(number) : key + ".";
            entries(layer).forEach((projection, pair) -> entries(pair).forEach((name, tensor) -> {
                if (tensor instanceof TorchTensor branch) {
                    tensors.put(block + projection + "." + name, branch);
                }
            }));
        });
        return tensors;
    }

    private static Map<?, ?> entries(Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    @Override
    public BatchOrder order(int images, int classes, Trainer trainer) {
        return TowerMethod.passes(images, classes, trainer);
    }

    @Override
    public Changes changes(Parameters.Learned graph) {
        Map<String, LowRank> branches = new HashMap<>();
        for (String name : graph.names()) {
            if (name.endsWith(A)) {
                String layer = name.substring(0, name.length() - A.length());
                branches.put(
                        layer.replace("attn.proj", "attn.out_proj"),
                        new LowRank(
                                graph.learned(name),
                                graph.learned(layer + B),
                                alpha / Math.sqrt(rank),
                                x -> graph.dropout(dropout)));
            }
        }
        return new Changes(Map.of(), branches, null);
    }

    @Override
    public int firstBlock() {
        return visionStart;
    }

    /** Returns the model's own embedding if only the text tower is changed. */
    @Override
    public FeatureKind features() {
        return encoder == Encoder.TEXT ? FeatureKind.EMBEDDED : TowerMethod.super.features();
    }

    @Override
    public FeatureKind features(ClassifierFile learned) {
        return encoder == Encoder.TEXT ? FeatureKind.EMBEDDED : TowerMethod.super.features(learned);
    }

    @Override
    public boolean textIsFrozen() {
        return encoder == Encoder.VISION;
    }

    /** Returns the prompt whose class features are constants if the text tower is frozen. */
    @Override
    public String teacher(String template) {
        return textIsFrozen() ? PromptTemplates.PHOTO : null;
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return TowerMethod.crossEntropy(teacher);
    }
}
