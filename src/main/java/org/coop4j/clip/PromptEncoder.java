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

    /** What enters the text tower beside the tokens: what is learned, and what a graph makes of it. */
    public interface Vectors {

        /** The tensors that are learned. */
        List<LearnedTensor> learned();

        /**
         * The context vectors that the prompts are encoded with, [vectors, width]; by default the learned tensor
         * {@code ctx}.
         */
        default SDVariable context(StepGraph step) {
            return step.learned("ctx");
        }

        /**
         * Vectors that take the place of the context's rows on entry to blocks of the text tower, before the block's
         * first layer norm and without a position: block, from 0 → vectors. By default none.
         */
        default Map<Integer, Replacement> replacements(StepGraph step) {
            return Map.of();
        }
    }

    /**
     * Vectors in place of those that a block before left.
     *
     * @param vectors [vectors, width] as the context; per class [classes · vectors, width], the classes in the order of
     *     {@link StepGraph#perClass}
     * @param perClass whether each class has vectors of its own; then the context itself must be one for all
     */
    public record Replacement(SDVariable vectors, boolean perClass) {}

    /** The loss of a batch, as the reference's trainers write it. */
    @FunctionalInterface
    public interface Loss {

        /**
         * Builds the loss in a step's graph.
         *
         * @param classFeatures features of the classes' prompts, not normalised, [classes, embed]
         * @return a scalar
         */
        SDVariable of(StepGraph step, SDVariable classFeatures);
    }

    private final NativeWeights weights;
    private final Function<Parameters, TextTransformer> tower;
    private final int heads;
    private final Workers workers;
    private final Precision precision;
    private final NativeWeights.Lock lock;
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
            NativeWeights.Lock lock,
            List<int[]> prompts) {
        this.weights = weights;
        this.tower = tower;
        this.heads = heads;
        this.workers = workers;
        this.precision = precision;
        this.lock = lock;
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
     * Plans the training step of a loss.
     *
     * @param batch images of a step
     * @param memory native memory for intermediate values; a step that needs more goes in chunks
     * @throws MemoryLimit.ExceededException if a single class does not fit
     */
    public Step step(Vectors vectors, Loss loss, int batch, MemoryLimit memory) {
        return lock.hold(() -> {
            requireVectors(vectors);
            PackedPrompts packed = PackedPrompts.of(prompts, heads);
            StepGraph graph = graph(vectors, batch, packed, 0);
            SDVariable features = encode(graph, vectors, packed, prompts, precision);
            StepPlan.Draft whole = StepPlan.ofLoss(graph, loss.of(graph, features), workers);
            if (whole.bytes() <= memory.bytes()) {
                return Step.whole(vectors.learned(), whole);
            }
            whole.graph().close();
            return chunked(vectors, loss, batch, memory);
        });
    }

    private Step chunked(Vectors vectors, Loss loss, int batch, MemoryLimit memory) {
        List<LearnedTensor> learned = vectors.learned();
        LearnedTensor features = LearnedTensor.zeros(Step.FEATURES, classes(), embed());
        List<LearnedTensor> withFeatures =
                Stream.concat(learned.stream(), Stream.of(features)).toList();
        StepGraph head = new StepGraph(
                shape(batch), withFeatures, IntStream.range(0, classes()).toArray());
        StepPlan.Draft ofLoss = StepPlan.ofLoss(head, loss.of(head, head.learned(Step.FEATURES)), workers);
        List<String> changing = head.losses().isEmpty() ? List.of() : List.of(Step.UPSTREAM);
        // First what needs most: where memory is short, its message says how much is enough.
        List<StepPlan> backward =
                StepPlan.within(memory, classes(), range -> backward(vectors, batch, range, changing));
        List<StepPlan> forward = forward(vectors, batch, memory, precision);
        return new Step(learned, forward, StepPlan.of(ofLoss), backward, features);
    }

    private List<StepPlan> forward(Vectors vectors, int batch, MemoryLimit memory, Precision products) {
        return StepPlan.within(memory, classes(), range -> {
            PackedPrompts packed = PackedPrompts.of(in(range), heads);
            StepGraph graph = graph(vectors, batch, packed, range.from());
            encode(graph, vectors, packed, in(range), products).rename(Step.FEATURES);
            return StepPlan.ofValues(graph, Step.FEATURES, workers);
        });
    }

    private StepPlan.Draft backward(Vectors vectors, int batch, StepPlan.Range range, List<String> changing) {
        PackedPrompts packed = PackedPrompts.of(in(range), heads);
        StepGraph graph = graph(vectors, batch, packed, range.from());
        SDVariable features = encode(graph, vectors, packed, in(range), precision);
        SDVariable upstream = graph.ops().placeholder(Step.UPSTREAM, DataType.FLOAT, graph.classes(), embed());
        SDVariable product = graph.ops().innerProduct(features, upstream);
        return StepPlan.ofGradients(graph, product, changing, workers);
    }

    /**
     * Features of the classes' prompts with the learned tensors as they are, not normalised, in the order of the
     * prompts.
     */
    public FeatureMatrix features(Vectors vectors, MemoryLimit memory) {
        try (Encoding encoding = encoding(vectors, memory)) {
            return encoding.features(null);
        }
    }

    /** Plans the encoding of the prompts, for vectors that depend on an image. */
    public Encoding encoding(Vectors vectors, MemoryLimit memory) {
        return lock.hold(() -> {
            requireVectors(vectors);
            return new Encoding(forward(vectors, 1, memory, Precision.FLOAT32));
        });
    }

    /** The encoding of the prompts, to be run for one image after another; one thread at a time. */
    public final class Encoding implements AutoCloseable {

        private final List<StepPlan> chunks;

        private Encoding(List<StepPlan> chunks) {
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
            for (StepPlan chunk : chunks) {
                chunk.run(image, null);
                chunk.readByClass(Step.FEATURES, result);
            }
            return FeatureMatrix.of(classes(), embed(), result);
        }

        @Override
        public void close() {
            chunks.forEach(StepPlan::close);
        }
    }

    private List<int[]> in(StepPlan.Range range) {
        return prompts.subList(range.from(), range.to());
    }

    private StepGraph.Shape shape(int batch) {
        return new StepGraph.Shape(batch, embed(), weights.get("logit_scale"), lock);
    }

    /**
     * @param first the class of the first of the packed prompts
     */
    private StepGraph graph(Vectors vectors, int batch, PackedPrompts packed, int first) {
        int[] sequences = packed.sequenceOfPrompt();
        int[] classes = new int[sequences.length];
        for (int prompt = 0; prompt < classes.length; prompt++) {
            classes[sequences[prompt]] = first + prompt;
        }
        return new StepGraph(shape(batch), vectors.learned(), classes);
    }

    /** Class features [classes, embed], not normalised. */
    private SDVariable encode(
            StepGraph step, Vectors vectors, PackedPrompts packed, List<int[]> part, Precision products) {
        Graph graph = step.ops();
        Parameters parameters = new Parameters.Frozen(graph.in(products), weights);
        SDVariable base = step.constant("base", TextTransformer.embeddings(weights, packed)); // [rows, width]
        int[] rows = IntStream.range(0, packed.rows())
                .filter(row -> PackedPrompts.isContext(packed.piece(row)))
                .toArray();
        int[] sources = Arrays.stream(rows)
                .map(row -> PackedPrompts.contextIndex(packed.piece(row)))
                .toArray();
        SDVariable x = graph.placeContext(vectors.context(step), base, rows, sources);
        return tower.apply(parameters).forward(x, packed.layout(), entries(step, vectors, packed, part));
    }

    /**
     * What takes the place of the context on entry to blocks. Once each class has vectors of its own, prompts share
     * what stands before these alone, and rows are packed anew.
     */
    private Map<Integer, Transformer.Entry> entries(
            StepGraph step, Vectors vectors, PackedPrompts packed, List<int[]> part) {
        Graph graph = step.ops();
        Map<Integer, Transformer.Entry> entries = new HashMap<>();
        PackedPrompts from = packed;
        List<int[]> placed = part;
        Map<Integer, Replacement> byBlock = new TreeMap<>(vectors.replacements(step));
        for (Map.Entry<Integer, Replacement> entry : byBlock.entrySet()) {
            SDVariable replacing = entry.getValue().vectors();
            if (entry.getValue().perClass()) {
                placed = withOwnVectors(part, packed.sequenceOfPrompt());
            }
            PackedPrompts to = placed == part ? from : PackedPrompts.of(placed, heads);
            int[] sources = sources(placed, from, to);
            Transformer.Sequences sequences = Transformer.packed(graph, to.layout(), Queries.LAST);
            entries.put(
                    entry.getKey(), new Transformer.Entry(x -> graph.replaceRows(x, replacing, sources), sequences));
            from = to;
        }
        return entries;
    }

    /** Prompts that refer to vectors of their own, those of a prompt by its sequence. */
    private static List<int[]> withOwnVectors(List<int[]> prompts, int[] sequences) {
        int vectors = vectors(prompts);
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

    /** Number of context vectors that prompts refer to: one more than the largest index. */
    private static int vectors(List<int[]> prompts) {
        IntStream pieces = prompts.stream().flatMapToInt(Arrays::stream);
        return pieces.filter(PackedPrompts::isContext)
                .map(piece -> PackedPrompts.contextIndex(piece) + 1)
                .max()
                .orElse(0);
    }

    /** The source of each row: the same place of the same prompt, or a vector. */
    private static int[] sources(List<int[]> prompts, PackedPrompts from, PackedPrompts to) {
        int[] sources = new int[to.rows()];
        for (int prompt = 0; prompt < prompts.size(); prompt++) {
            int[] pieces = prompts.get(prompt);
            for (int i = 0; i < pieces.length; i++) {
                sources[to.row(prompt, i)] = PackedPrompts.isContext(pieces[i])
                        ? from.rows() + PackedPrompts.contextIndex(pieces[i])
                        : from.row(prompt, i);
            }
        }
        return sources;
    }

    /** Refuses prompts that refer to a vector that there is not. */
    private void requireVectors(Vectors vectors) {
        LearnedTensor context = vectors.learned().get(0);
        long known = context.values().length / context.shape()[context.shape().length - 1];
        if (vectors(prompts) > known) {
            throw new IllegalArgumentException(
                    "a prompt refers to context vector %d of %d".formatted(vectors(prompts) - 1, known));
        }
    }
}
