package org.coop4j.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The frozen text tower over prompts with learned vectors: vectors in, class features out (the
 * reference's {@code TextEncoder} over {@code PromptLearner.forward}).
 *
 * <p>It is a building block of a method's graph, and plans a training step around it.
 */
public final class PromptEncoder {

    private final NativeWeights weights;
    private final Function<Parameters, TextTransformer> tower;
    private final int heads;
    private final Workers workers;
    private final Precision precision;
    private final ModelLock lock;
    private final TokenEmbedding embedding;
    private final List<int[]> prompts;

    /**
     * @param heads attention heads of the text tower
     * @param precision of training steps; features are float32
     */
    PromptEncoder(
            NativeWeights weights,
            Function<Parameters, TextTransformer> tower,
            int heads,
            Workers workers,
            Precision precision,
            ModelLock lock,
            List<int[]> prompts) {
        this.weights = weights;
        this.tower = tower;
        this.heads = heads;
        this.workers = workers;
        this.precision = precision;
        this.lock = lock;
        this.embedding = new TokenEmbedding(weights);
        this.prompts = prompts;
    }

    /** Number of classes, one prompt each. */
    public int classes() {
        return prompts.size();
    }

    /** Width of a class's features. */
    public int embed() {
        return Math.toIntExact(weights.get("text_projection").size(1));
    }

    /**
     * Plans the training step of an objective.
     *
     * @param batch images of a step
     * @param memory native memory for intermediate values; a step that needs more goes in chunks
     * @throws MemoryLimitException if a single class does not fit
     */
    public Step step(Objective objective, int batch, MemoryLimit memory) {
        return lock.hold(() -> planned(objective, batch, memory));
    }

    private Step planned(Objective objective, int batch, MemoryLimit memory) {
        requireVectors(objective);
        List<LearnedTensor> learned = objective.learned();
        PackedPrompts packed = PackedPrompts.of(prompts, heads);
        StepGraph graph = graph(learned, batch, packed, 0);
        SDVariable features = encode(graph, objective, packed, prompts, precision);
        StepPlan.Draft whole = StepPlan.ofLoss(graph, objective.loss(graph, features), workers);
        if (whole.bytes() <= memory.bytes()) {
            return Step.whole(learned, Chunks.of(whole));
        }
        whole.graph().close();
        return chunked(objective, batch, memory);
    }

    private Step chunked(Objective objective, int batch, MemoryLimit memory) {
        List<LearnedTensor> learned = objective.learned();
        LearnedTensor features = LearnedTensor.zeros(Step.FEATURES, classes(), embed());
        List<LearnedTensor> withFeatures =
                Stream.concat(learned.stream(), Stream.of(features)).toList();
        StepGraph head = new StepGraph(shape(batch), withFeatures, all());
        StepPlan.Draft loss =
                StepPlan.ofLoss(head, objective.loss(head, head.learned(Step.FEATURES)), workers);
        List<String> changing = head.losses().isEmpty() ? List.of() : List.of(Step.UPSTREAM);
        // First what needs most: where memory is short, its message says how much is enough.
        Chunks backward =
                Chunks.within(
                        memory, classes(), range -> backward(objective, batch, range, changing));
        Chunks forward = forward(objective, batch, memory, precision);
        return Step.chunked(learned, forward, Chunks.of(loss), backward, features);
    }

    private Chunks forward(Objective objective, int batch, MemoryLimit memory, Precision products) {
        return Chunks.within(
                memory,
                classes(),
                range -> {
                    PackedPrompts packed = pack(range);
                    StepGraph graph = graph(objective.learned(), batch, packed, range.from());
                    encode(graph, objective, packed, in(range), products).rename(Step.FEATURES);
                    return StepPlan.ofValues(graph, Step.FEATURES, workers);
                });
    }

    private StepPlan.Draft backward(
            Objective objective, int batch, Chunks.Range range, List<String> changing) {
        PackedPrompts packed = pack(range);
        StepGraph graph = graph(objective.learned(), batch, packed, range.from());
        SDVariable features = encode(graph, objective, packed, in(range), precision);
        SDVariable upstream =
                graph.ops().placeholder(Step.UPSTREAM, DataType.FLOAT, graph.classes(), embed());
        SDVariable product = graph.ops().innerProduct(features, upstream);
        return StepPlan.ofGradients(graph, product, changing, workers);
    }

    /**
     * Features of the classes' prompts with the learned tensors as they are, not normalised, in the
     * order of the prompts.
     */
    public FeatureMatrix features(Objective objective, MemoryLimit memory) {
        try (Encoding encoding = encoding(objective, memory)) {
            return encoding.features(null);
        }
    }

    /** Plans the encoding of the prompts, for vectors that depend on an image. */
    public Encoding encoding(Objective objective, MemoryLimit memory) {
        requireVectors(objective);
        return new Encoding(lock.hold(() -> forward(objective, 1, memory, Precision.FLOAT32)));
    }

    /** The encoding of the prompts, to be run for one image after another; one thread at a time. */
    public final class Encoding implements AutoCloseable {

        private final Chunks chunks;

        private Encoding(Chunks chunks) {
            this.chunks = chunks;
        }

        /** Number of classes, one prompt each. */
        public int classes() {
            return PromptEncoder.this.classes();
        }

        /**
         * Features of the classes' prompts, not normalised, in the order of the prompts.
         *
         * @param image the image's features, null where the vectors do not depend on them
         */
        public FeatureMatrix features(float[] image) {
            float[] result = new float[Math.multiplyExact(classes(), embed())];
            chunks.forEach(
                    chunk -> {
                        chunk.run(image, null);
                        chunk.readByClass(Step.FEATURES, result);
                    });
            return FeatureMatrix.of(classes(), embed(), result);
        }

        @Override
        public void close() {
            chunks.close();
        }
    }

    private PackedPrompts pack(Chunks.Range range) {
        return PackedPrompts.of(in(range), heads);
    }

    private List<int[]> in(Chunks.Range range) {
        return prompts.subList(range.from(), range.to());
    }

    private StepGraph.Shape shape(int batch) {
        return new StepGraph.Shape(batch, embed(), weights.get("logit_scale"), lock);
    }

    /**
     * @param first the class of the first of the packed prompts
     */
    private StepGraph graph(
            List<LearnedTensor> learned, int batch, PackedPrompts packed, int first) {
        int[] sequences = packed.sequenceOfPrompt();
        int[] classes = new int[sequences.length];
        for (int prompt = 0; prompt < classes.length; prompt++) {
            classes[sequences[prompt]] = first + prompt;
        }
        return new StepGraph(shape(batch), learned, classes);
    }

    private int[] all() {
        return IntStream.range(0, classes()).toArray();
    }

    /** Class features [classes, embed], not normalised. */
    private SDVariable encode(
            StepGraph step,
            Objective objective,
            PackedPrompts packed,
            List<int[]> part,
            Precision products) {
        Graph graph = step.ops();
        Parameters parameters = new FrozenParameters(graph.in(products), weights);
        SDVariable base = step.constant("base", embedding.embed(packed)); // [rows, width]
        int[] rows =
                IntStream.range(0, packed.rows())
                        .filter(row -> PackedPrompts.isContext(packed.piece(row)))
                        .toArray();
        int[] vectors =
                Arrays.stream(rows)
                        .map(row -> PackedPrompts.contextIndex(packed.piece(row)))
                        .toArray();
        SDVariable x = graph.placeContext(objective.context(step), base, rows, vectors);
        return tower.apply(parameters)
                .forward(x, packed.layout(), entries(step, objective, packed, part));
    }

    /**
     * What an objective puts in the place of the context on entry to blocks. Once each class has
     * vectors of its own, prompts share what stands before these alone, and rows are packed anew.
     */
    private Map<Integer, BlockEntry> entries(
            StepGraph step, Objective objective, PackedPrompts packed, List<int[]> part) {
        Map<Integer, BlockEntry> entries = new HashMap<>();
        PackedPrompts from = packed;
        List<int[]> placed = part;
        for (Map.Entry<Integer, Objective.Replacement> replacement :
                new TreeMap<>(objective.replacements(step)).entrySet()) {
            SDVariable vectors = replacement.getValue().vectors();
            if (replacement.getValue().perClass()) {
                placed = withOwnVectors(part, packed.sequenceOfPrompt());
            }
            PackedPrompts to = placed == part ? from : PackedPrompts.of(placed, heads);
            int[] sources = sources(placed, from, to);
            Graph graph = step.ops();
            entries.put(
                    replacement.getKey(),
                    new BlockEntry(
                            x -> graph.replaceRows(x, vectors, sources),
                            Sequences.packed(graph, to.layout(), Queries.LAST)));
            from = to;
        }
        return entries;
    }

    /** Prompts that refer to vectors of their own, those of a prompt by its sequence. */
    private static List<int[]> withOwnVectors(List<int[]> prompts, int[] sequences) {
        int vectors =
                prompts.stream()
                        .flatMapToInt(Arrays::stream)
                        .filter(PackedPrompts::isContext)
                        .map(piece -> PackedPrompts.contextIndex(piece) + 1)
                        .max()
                        .orElse(0);
        List<int[]> result = new ArrayList<>();
        for (int prompt = 0; prompt < sequences.length; prompt++) {
            int[] pieces = prompts.get(prompt).clone();
            for (int i = 0; i < pieces.length; i++) {
                if (PackedPrompts.isContext(pieces[i])) {
                    int index = PackedPrompts.contextIndex(pieces[i]);
                    pieces[i] = PackedPrompts.context(sequences[prompt] * vectors + index);
                }
            }
            result.add(pieces);
        }
        return result;
    }

    /** The source of each row: the same place of the same prompt, or a vector. */
    private static int[] sources(List<int[]> prompts, PackedPrompts from, PackedPrompts to) {
        int[] sources = new int[to.rows()];
        for (int prompt = 0; prompt < prompts.size(); prompt++) {
            int[] pieces = prompts.get(prompt);
            for (int i = 0; i < pieces.length; i++) {
                sources[to.row(prompt, i)] =
                        PackedPrompts.isContext(pieces[i])
                                ? from.rows() + PackedPrompts.contextIndex(pieces[i])
                                : from.row(prompt, i);
            }
        }
        return sources;
    }

    /** Refuses prompts that refer to a vector that there is not. */
    private void requireVectors(Objective objective) {
        LearnedTensor context = objective.learned().get(0);
        long vectors = context.values().length / context.shape()[context.shape().length - 1];
        for (int[] prompt : prompts) {
            for (int piece : prompt) {
                if (PackedPrompts.isContext(piece)
                        && PackedPrompts.contextIndex(piece) >= vectors) {
                    throw new IllegalArgumentException(
                            "a prompt refers to context vector %d of %d"
                                    .formatted(PackedPrompts.contextIndex(piece), vectors));
                }
            }
        }
    }
}
