package org.coop4j.clip;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Heap;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.model.ClipConfig;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The frozen text tower over prompts with learned vectors: vectors in, class features out (the reference's
 * {@code TextEncoder} after {@code PromptLearner.forward}).
 *
 * <p>A building block of a method's graph, which also plans the training step around it.
 */
public final class PromptEncoder {

    /** Input of the text tower beside the tokens: learned tensors, and what a graph makes of them. */
    public interface Vectors {

        /** Returns the learned tensors, the context first. */
        List<LearnedTensor> learned();

        /** Returns the context vectors of the prompts, [vectors, width]; by default the learned tensor {@code ctx}. */
        default SDVariable context(StepGraph step) {
            return step.learned("ctx");
        }

        /**
         * Returns vectors that replace the context's rows on entry to blocks of the text tower, before the block's
         * first layer norm and without a position: block, from 0 → vectors. None by default.
         */
        default Map<Integer, Replacement> replacements(StepGraph step) {
            return Map.of();
        }

        /** Returns changes of both towers; none by default. */
        default Parameters.Changes changes(Parameters.Learned graph) {
            return Parameters.Changes.NONE;
        }

        /** Returns what a batch consists of: the input of an image tower that is part of the graph, or features. */
        default FeatureKind images() {
            return FeatureKind.EMBEDDED;
        }
    }

    /**
     * Vectors that replace those of an earlier block.
     *
     * @param vectors [vectors, width] as the context; per class [classes · vectors, width], the classes in the order of
     *     {@link StepGraph#perClass}
     * @param perClass whether each class has vectors of its own; then the context must be shared by all classes
     * @param added number of vectors that enter the prompts behind the start token, where none were before; 0 to replace the
     *     context's
     */
    public record Replacement(SDVariable vectors, boolean perClass, int added) {

        public Replacement(SDVariable vectors, boolean perClass) {
            this(vectors, perClass, 0);
        }
    }

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
    private final List<int[]> prompts;

    /**
     * @param weights whose precision is that of training steps; features are float32
     */
    PromptEncoder(NativeWeights weights, List<int[]> prompts) {
        this.weights = weights;
        this.prompts = prompts;
    }

    /** Returns the number of classes, one prompt each. */
    public int classes() {
        return prompts.size();
    }

    /** Returns the width of a class's features. */
    public int embed() {
        return weights.architecture().embedDim();
    }

    /**
     * Plans the training step of a loss.
     *
     * @param batch images of a step
     * @param memory native memory for intermediate values; a step that needs more is done in chunks of classes
     * @throws org.coop4j.base.RefusedException if a single class does not fit
     */
    public Step step(Vectors vectors, Loss loss, int batch, MemoryLimit memory) {
        StepGraph.Shape shape = shape(batch, vectors.images(), true);
        return shape.build(() -> {
            requireVectors(vectors);
            StepGraph graph = encoded(vectors, shape, new MemoryLimit.Range(0, classes()), weights.precision());
            encodeImages(graph, vectors);
            StepPlan whole = StepPlan.ofLoss(graph, loss.of(graph, graph.classFeatures()), weights.workers());
            if (whole.bytes() <= memory.bytes()) {
                return new Step(vectors.learned(), whole);
            }
            whole.close();
            return chunked(vectors, loss, shape, memory);
        });
    }

    private Step chunked(Vectors vectors, Loss loss, StepGraph.Shape shape, MemoryLimit memory) {
        List<LearnedTensor> learned = vectors.learned();
        LearnedTensor features = LearnedTensor.zeros(Step.FEATURES, classes(), embed());
        StepPlan ofLoss = head(vectors, loss, shape, features);
        for (int parts = 2; vectors.images() != FeatureKind.EMBEDDED && ofLoss.bytes() > memory.bytes(); parts++) {
            if (parts > shape.batch()) {
                throw memory.exceeded("image", ofLoss.bytes());
            }
            if (shape.batch() % parts == 0) {
                ofLoss.close();
                ofLoss = head(vectors, loss, shape.of(shape.batch() / parts), features);
            }
        }
        if (!ofLoss.differentiates(features)) {
            return new Step(learned, ofLoss);
        }
        int losses = ofLoss.scalars();
        // Backward chunks first, as they need most: if memory is short, the message says how much is enough.
        List<StepPlan> backward = memory.inChunks(classes(), range -> backward(vectors, shape, range, losses));
        List<StepPlan> forward = forward(vectors, shape, memory, weights.precision());
        return new Step(learned, forward, ofLoss, backward, features);
    }

    /** Returns the loss of given class features, and its gradients. */
    private StepPlan head(Vectors vectors, Loss loss, StepGraph.Shape shape, LearnedTensor features) {
        StepGraph head = new StepGraph(
                shape,
                Stream.concat(vectors.learned().stream(), Stream.of(features)).toList(),
                IntStream.range(0, classes()).toArray());
        encodeImages(head, vectors);
        return StepPlan.ofLoss(head, loss.of(head, head.learned(Step.FEATURES)), weights.workers());
    }

    /** Returns image features divided by their norm, [batch, embed], and those of further rows if they are projected. */
    private List<SDVariable> embedded(
            Parameters parameters,
            ClipConfig.Vit vit,
            SDVariable input,
            int batch,
            int block,
            Parameters.ImageRows rows) {
        return new VisionTransformer(parameters, vit, weights.model().activation())
                .embedded(input, batch, block, rows).stream()
                        .map(parameters.graph()::normalizeRows)
                        .toList();
    }

    /** Makes the image tower part of a graph if a batch consists of its input. */
    private void encodeImages(StepGraph step, Vectors vectors) {
        if (vectors.images() != FeatureKind.EMBEDDED) {
            ClipConfig.Vit vit = (ClipConfig.Vit) weights.architecture().vision();
            Parameters.Changes changes = vectors.changes(step);
            Parameters frozen = new Parameters.Frozen(step.ops().in(weights.precision()), weights);
            int block =
                    vectors.images() instanceof FeatureKind.Tokens tokens ? tokens.block() : VisionTransformer.PIXELS;
            SDVariable input = block == VisionTransformer.PIXELS
                    ? step.input().reshape(step.batch(), 3, vit.imageSize(), vit.imageSize())
                    : step.input();
            step.encodeImages(
                    embedded(changes.of(frozen), vit, input, step.batch(), block, changes.imageRows()),
                    () -> embedded(frozen, vit, input, step.batch(), block, null)
                            .get(0));
        }
    }

    private List<StepPlan> forward(Vectors vectors, StepGraph.Shape shape, MemoryLimit memory, Precision products) {
        return memory.inChunks(classes(), range -> {
            StepGraph graph = encoded(vectors, shape, range, products);
            return new StepPlan(graph, Map.of(Step.FEATURES, graph.classFeatures()), List.of(), weights.workers());
        });
    }

    /** Returns the vector-Jacobian products of a chunk's features with the gradient of each loss in them. */
    private StepPlan backward(Vectors vectors, StepGraph.Shape shape, MemoryLimit.Range range, int losses) {
        StepGraph graph = encoded(vectors, shape, range, weights.precision());
        List<SDVariable> products = IntStream.range(0, losses)
                .mapToObj(i -> graph.ops().placeholder(Step.upstream(i), DataType.FLOAT, graph.classes(), embed()))
                .map(upstream -> graph.ops().innerProduct(graph.classFeatures(), upstream))
                .toList();
        return new StepPlan(graph, Map.of(), products, weights.workers());
    }

    /**
     * Returns features of the classes' prompts for the current learned tensors, not normalised, in the order of the
     * prompts.
     */
    public FeatureMatrix features(Vectors vectors, MemoryLimit memory) {
        try (Encoding encoding = encoding(vectors, memory)) {
            return encoding.features(null);
        }
    }

    /** Plans the encoding of the prompts, for vectors that depend on an image. */
    public Encoding encoding(Vectors vectors, MemoryLimit memory) {
        StepGraph.Shape shape = shape(1, FeatureKind.EMBEDDED, false);
        return shape.build(() -> {
            requireVectors(vectors);
            return new Encoding(forward(vectors, shape, memory, Precision.FLOAT32));
        });
    }

    /** Planned encoding of the prompts, for one image after another; one thread at a time. */
    public final class Encoding implements AutoCloseable {

        private final List<StepPlan> chunks;

        private Encoding(List<StepPlan> chunks) {
            this.chunks = chunks;
        }

        /** Returns the number of classes, one prompt each. */
        public int classes() {
            return PromptEncoder.this.classes();
        }

        /**
         * Returns features of the classes' prompts, not normalised, in the order of the prompts.
         *
         * @param image the image's features; null if the vectors do not depend on them
         */
        public FeatureMatrix features(float[] image) {
            float[] result = Heap.floats(classes(), embed());
            for (StepPlan chunk : chunks) {
                chunk.run(image, null, null, 0);
                chunk.readByClass(Step.FEATURES, result);
            }
            return FeatureMatrix.of(classes(), embed(), result);
        }

        @Override
        public void close() {
            chunks.forEach(StepPlan::close);
        }
    }

    private StepGraph.Shape shape(int batch, FeatureKind images, boolean trains) {
        float logitScale = weights.lock().hold(() -> weights.floats("logit_scale")[0]);
        int width = ImageEncoder.width(images, weights.architecture());
        return new StepGraph.Shape(batch, width, logitScale, trains, weights.lock());
    }

    /** Returns a graph of some classes with their features, [classes, embed], not normalised. */
    private StepGraph encoded(Vectors vectors, StepGraph.Shape shape, MemoryLimit.Range range, Precision products) {
        ClipConfig.Text text = weights.architecture().text();
        List<int[]> some = prompts.subList(range.from(), range.to());
        PackedPrompts packed = PackedPrompts.of(some, text);
        int[] sequences = packed.sequenceOfPrompt();
        int[] classes = new int[sequences.length];
        for (int prompt = 0; prompt < classes.length; prompt++) {
            classes[sequences[prompt]] = range.from() + prompt;
        }
        StepGraph step = new StepGraph(shape, vectors.learned(), classes);
        Graph graph = step.ops();
        SDVariable x = step.constant("base", TextTransformer.embeddings(weights, packed)); // [rows, width]
        if (PackedPrompts.vectors(prompts) > 0) {
            SDVariable context = graph.selectRows(vectors.context(step), packed.contextOfRows());
            x = graph.add(x, text.averaged() ? context.mul(text.embeddingScale()) : context); // [rows, width]
        }
        Parameters parameters = vectors.changes(step).of(new Parameters.Frozen(graph.in(products), weights));
        Queries read = text.averaged() ? Queries.ALL : Queries.LAST;
        step.encode(
                new TextTransformer(parameters, text, weights.model().metadata().textActivation())
                        .forward(
                                x,
                                Transformer.packed(graph, packed.layout(), read),
                                entries(step, vectors, packed, text.layers()))); // [classes, embed]
        return step;
    }

    /**
     * Returns the replacements of the context on entry to blocks. Once each class has vectors of its own, prompts share
     * only what stands before these, and rows are packed anew.
     */
    private static SortedMap<Integer, Transformer.Entry> entries(
            StepGraph step, Vectors vectors, PackedPrompts packed, int layers) {
        Graph graph = step.ops();
        SortedMap<Integer, Transformer.Entry> entries = new TreeMap<>();
        PackedPrompts from = packed;
        for (Map.Entry<Integer, Replacement> entry :
                new TreeMap<>(vectors.replacements(step)).headMap(layers).entrySet()) {
            Replacement replacement = entry.getValue();
            PackedPrompts to = from;
            if (from == packed && replacement.perClass()) {
                to = packed.withOwnVectors();
            } else if (from == packed && replacement.added() > 0) {
                to = packed.withVectors(replacement.added());
            }
            int[] sources = to.sources(from);
            entries.put(
                    entry.getKey(),
                    new Transformer.Entry(
                            x -> graph.replaceRows(x, replacement.vectors(), sources),
                            Transformer.packed(graph, to.layout(), Queries.LAST)));
            from = to;
        }
        return entries;
    }

    /** Refuses prompts that refer to a vector beyond the last. */
    private void requireVectors(Vectors vectors) {
        int wanted = PackedPrompts.vectors(prompts);
        if (wanted == 0) {
            return;
        }
        LearnedTensor context = vectors.learned().get(0);
        long known = context.values().length / context.shape()[context.shape().length - 1];
        Require.that(wanted <= known, "a prompt refers to context vector %d, expected 0 to %d", wanted - 1, known - 1);
    }
}
