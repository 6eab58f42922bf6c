package org.coop4j.clip;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Workers;
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
    private final ModelLock lock;
    private final TokenEmbedding embedding;
    private final List<int[]> prompts;

    /**
     * @param heads attention heads of the text tower
     */
    PromptEncoder(
            NativeWeights weights,
            Function<Parameters, TextTransformer> tower,
            int heads,
            Workers workers,
            ModelLock lock,
            List<int[]> prompts) {
        this.weights = weights;
        this.tower = tower;
        this.heads = heads;
        this.workers = workers;
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
        SDVariable features = encode(graph, objective.context(graph), packed);
        StepPlan.Draft whole = StepPlan.ofLoss(graph, objective.loss(graph, features), workers);
        if (whole.bytes() <= memory.bytes()) {
            return Step.whole(learned, Chunks.of(whole));
        }
        whole.graph().close();
        return chunked(objective, batch, memory);
    }

    private Step chunked(Objective objective, int batch, MemoryLimit memory) {
        List<LearnedTensor> learned = objective.learned();
        // First what needs most: where memory is short, its message says how much is enough.
        Chunks backward =
                Chunks.within(memory, classes(), range -> backward(objective, batch, range));
        Chunks forward = forward(objective, batch, memory);
        LearnedTensor features = LearnedTensor.zeros(Step.FEATURES, classes(), embed());
        List<LearnedTensor> withFeatures =
                Stream.concat(learned.stream(), Stream.of(features)).toList();
        StepGraph head = new StepGraph(shape(batch), withFeatures, all());
        StepPlan.Draft loss =
                StepPlan.ofLoss(head, objective.loss(head, head.learned(Step.FEATURES)), workers);
        return Step.chunked(learned, forward, Chunks.of(loss), backward, features);
    }

    private Chunks forward(Objective objective, int batch, MemoryLimit memory) {
        return Chunks.within(
                memory,
                classes(),
                range -> {
                    PackedPrompts packed = pack(range);
                    StepGraph graph = graph(objective.learned(), batch, packed, range.from());
                    encode(graph, objective.context(graph), packed).rename(Step.FEATURES);
                    return StepPlan.ofValues(graph, Step.FEATURES, workers);
                });
    }

    private StepPlan.Draft backward(Objective objective, int batch, Chunks.Range range) {
        PackedPrompts packed = pack(range);
        StepGraph graph = graph(objective.learned(), batch, packed, range.from());
        SDVariable features = encode(graph, objective.context(graph), packed);
        SDVariable upstream =
                graph.ops().placeholder(Step.UPSTREAM, DataType.FLOAT, graph.classes(), embed());
        return StepPlan.ofGradients(graph, graph.ops().innerProduct(features, upstream), workers);
    }

    /**
     * Features of the classes' prompts with the learned tensors as they are, not normalised, in the
     * order of the prompts.
     */
    public FeatureMatrix features(Objective objective, MemoryLimit memory) {
        requireVectors(objective);
        float[] result = new float[Math.multiplyExact(classes(), embed())];
        try (Chunks chunks = lock.hold(() -> forward(objective, 1, memory))) {
            chunks.forEach(
                    chunk -> {
                        chunk.run(null, null);
                        chunk.readByClass(Step.FEATURES, result);
                    });
        }
        return FeatureMatrix.of(classes(), embed(), result);
    }

    private PackedPrompts pack(Chunks.Range range) {
        return PackedPrompts.of(prompts.subList(range.from(), range.to()), heads);
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

    /** Context vectors [vectors, width] → class features [classes, embed], not normalised. */
    private SDVariable encode(StepGraph step, SDVariable context, PackedPrompts packed) {
        Graph graph = step.ops();
        Parameters parameters = new FrozenParameters(graph, weights);
        SDVariable base = step.constant("base", embedding.embed(packed)); // [rows, width]
        int[] rows =
                IntStream.range(0, packed.rows())
                        .filter(row -> PackedPrompts.isContext(packed.piece(row)))
                        .toArray();
        int[] vectors =
                Arrays.stream(rows)
                        .map(row -> PackedPrompts.contextIndex(packed.piece(row)))
                        .toArray();
        SDVariable x = graph.placeContext(context, base, rows, vectors); // [rows, width]
        return tower.apply(parameters).forward(x, packed.layout()); // [classes, embed]
    }

    /** Refuses prompts that refer to a vector that there is not. */
    private void requireVectors(Objective objective) {
        long vectors = objective.learned().get(0).shape()[0];
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
