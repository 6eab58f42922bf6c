package org.coop4j.clip;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.coop4j.base.Require;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.NativeMemory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The graph of a training step under construction: the learned tensors, a batch of image features with labels, and
 * constants.
 *
 * <p>Its classes may be some of the task's, and have an order of their own, as prompts are packed by length.
 * {@link #perClass} brings a constant with one row per class into that order, {@link StepPlan} labels and logits.
 */
public final class StepGraph implements Parameters.Learned, AutoCloseable {

    static final String IMAGES = "images";
    static final String LABELS = "labels";

    /** Weight of each entry of a batch with several labels per image. */
    static final String TARGETS = "targets";

    /** Two numbers that decide the draws of a step. */
    static final String DRAWS = "draws";

    private final Shape shape;
    private final int[] classes;
    private Graph graph = Graph.create();
    private final Map<LearnedTensor, INDArray> learned = new LinkedHashMap<>();
    private final Map<String, SDVariable> variables = new LinkedHashMap<>();

    /** Actions that free the native memory; the last is run first. */
    private final Deque<Runnable> frees = new ArrayDeque<>();

    private final SDVariable input;
    private final SDVariable labels;
    private final SDVariable scale;
    private SDVariable images;
    private SDVariable second; // null without further rows that are read
    private Supplier<SDVariable> frozen = this::images;
    private SDVariable draws; // null until something is drawn
    private int drawn;
    private SDVariable classFeatures; // null if no prompts are encoded
    private SDVariable logits; // null without a cross-entropy of them
    private GradientRule rule; // null for a single loss
    private List<SDVariable> losses = List.of();

    /** The loss of a batch of image features. */
    @FunctionalInterface
    public interface Loss {

        /** Builds the loss in a step's graph, a scalar. */
        SDVariable of(StepGraph step);
    }

    /** Combination of the gradients of several losses into one. */
    @FunctionalInterface
    public interface GradientRule {

        /**
         * Combines the gradients of a tensor.
         *
         * @param gradients the tensor's gradient of each loss, as one vector
         * @param combined receives the result
         */
        void combine(List<float[]> gradients, float[] combined);
    }

    /**
     * Settings that all graphs of a step share.
     *
     * @param batch images of a step
     * @param width of an image's features, or of its pixels
     * @param logitScale CLIP's parameter of this name; its exponential scales the logits
     * @param trains true if elements are dropped
     * @param lock held while a plan of the graph runs
     * @param unfinished graphs of a step under construction
     */
    record Shape(
            int batch,
            int width,
            float logitScale,
            boolean trains,
            NativeWeights.Lock lock,
            List<StepGraph> unfinished) {

        Shape(int batch, int width, float logitScale, boolean trains, NativeWeights.Lock lock) {
            this(batch, width, logitScale, trains, lock, new ArrayList<>());
        }

        /** Returns the same with another number of images. */
        Shape of(int images) {
            return new Shape(images, width, logitScale, trains, lock, unfinished);
        }

        /** Builds something of graphs of this shape under the lock; frees them all if that fails. */
        <T> T build(Supplier<T> work) {
            return lock.hold(() -> {
                try {
                    T result = work.get();
                    unfinished.clear();
                    return result;
                } finally {
                    unfinished.forEach(StepGraph::close);
                }
            });
        }
    }

    /**
     * @param classes the class of each row of the class features
     */
    StepGraph(Shape shape, List<LearnedTensor> learned, int[] classes) {
        this.shape = shape;
        this.classes = classes;
        shape.unfinished.add(this);
        for (LearnedTensor tensor : learned) {
            INDArray array = Nd4j.create(DataType.FLOAT, matrix(tensor.shape()));
            own(array);
            this.learned.put(tensor, array);
            variables.put(tensor.name(), graph.variable(tensor.name(), array));
        }
        input = graph.placeholder(IMAGES, DataType.FLOAT, shape.batch, shape.width);
        images = input;
        labels = graph.placeholder(LABELS, DataType.FLOAT, shape.batch);
        scale = constant("logit_scale", Nd4j.scalar(shape.logitScale));
    }

    /** Returns a tensor's shape as a matrix of its rows, as graphs have it. */
    static long[] matrix(long[] shape) {
        if (shape.length <= 2) {
            return shape;
        }
        long width = shape[shape.length - 1];
        return new long[] {Arrays.stream(shape).reduce(1, Math::multiplyExact) / width, width};
    }

    @Override
    public Graph ops() {
        return graph;
    }

    /**
     * Returns a learned tensor; one of more than two axes as the matrix of its rows.
     *
     * @throws IllegalArgumentException if none has this name
     */
    @Override
    public SDVariable learned(String name) {
        SDVariable variable = variables.get(name);
        Require.that(variable != null, "%s is not learned: expected one of %s", name, variables.keySet());
        return variable;
    }

    @Override
    public Set<String> names() {
        return variables.keySet();
    }

    @Override
    public Graph.Dropout dropout(double rate) {
        if (rate == 0 || !shape.trains) {
            return Graph.Dropout.NONE;
        }
        if (draws == null) {
            draws = graph.placeholder(DRAWS, DataType.FLOAT, 2);
        }
        return new Graph.Dropout(rate, draws, drawn++);
    }

    /** Builds what follows of the fastest kernels ({@link Graph#fast}), for large batches. */
    public void fast() {
        graph = graph.fast();
    }

    /**
     * Returns the batch's image features, [batch, width]: as given to {@link Step#run}, or made of it by an image tower that
     * is trained, and divided by their norm.
     */
    public SDVariable images() {
        return images;
    }

    /** Returns features of the same images by the model's own tower, divided by their norm, [batch, embed]. */
    public SDVariable frozenImages() {
        return frozen.get();
    }

    /** Returns what is given to {@link Step#run}, [batch, width]. */
    SDVariable input() {
        return input;
    }

    /** Returns the second features of the images, by rows that were added to them, divided by their norm, [batch, embed]. */
    public SDVariable secondImages() {
        return second;
    }

    /** Sets the {@link #images}, the {@link #secondImages} if there are any, and what makes the {@link #frozenImages}. */
    void encodeImages(List<SDVariable> features, Supplier<SDVariable> byFrozen) {
        images = features.get(0);
        second = features.get(features.size() - 1);
        frozen = byFrozen;
    }

    /** Returns the number of images. */
    public int batch() {
        return shape.batch;
    }

    /** Returns the number of classes in this graph. */
    public int classes() {
        return classes.length;
    }

    /** Returns exp(logit_scale). */
    public double logitScale() {
        return Math.exp(shape.logitScale);
    }

    /** Returns a constant, [rows, width]. */
    public SDVariable constant(String name, FeatureMatrix values) {
        INDArray array = NativeMemory.array(DataType.FLOAT, values.rows(), values.width());
        ArrayValues.of(array).fill(values.toArray());
        return constant(name, array);
    }

    /** Returns a constant that is freed when the graph is closed. */
    SDVariable constant(String name, INDArray array) {
        own(array);
        return graph.constant(name, array);
    }

    private void own(INDArray array) {
        frees.push(() -> NativeMemory.free(array));
    }

    /** Makes the graph own its plan, which is closed before the graph's arrays. */
    void own(ExecutionPlan plan) {
        frees.push(plan::close);
    }

    /**
     * Returns a constant with one row per class of this graph, [classes, width].
     *
     * @param values a row per class of the task, in the task's order
     */
    public SDVariable perClass(String name, FeatureMatrix values) {
        return constant(name, values.rows(classes));
    }

    /** Returns exp(logit_scale) · images · weightsᵀ; weights [classes, width] → [batch, classes]. */
    public SDVariable cosineLogits(SDVariable weights) {
        return scaled(graph.linear(images, weights));
    }

    /** Returns exp(logit_scale) · x. */
    public SDVariable scaled(SDVariable x) {
        return graph.expScale(x, scale);
    }

    /** Sets the logits that {@link Step#logits} and the training accuracy are read from. */
    public void report(SDVariable z) {
        logits = z;
    }

    /**
     * Returns the mean cross-entropy of the batch. {@link Step#logits} and the training accuracy are read from its
     * logits.
     *
     * @param z logits, [batch, classes]
     */
    public SDVariable crossEntropy(SDVariable z) {
        logits = z;
        return graph.crossEntropy(z, labels);
    }

    /**
     * Returns the loss of a batch with several labels per image, from {@link Step#run(float[], float[][])}. The training
     * accuracy is the share of known entries on the right side of 0.
     *
     * @param z logits in the task's order of the classes, [batch, classes]
     * @param focus of the asymmetric loss; null for the binary cross-entropy
     */
    public SDVariable labelLoss(SDVariable z, Graph.Focus focus) {
        logits = z;
        return graph.labelLoss(z, graph.placeholder(TARGETS, DataType.FLOAT, shape.batch, graph.shape(z)[1]), focus);
    }

    /**
     * Returns several losses; the first is reported. A rule combines their gradients, tensor by tensor. A step
     * takes one forward pass, and a vector-Jacobian product per loss.
     *
     * @return the first loss
     */
    public SDVariable combined(GradientRule gradients, SDVariable... several) {
        rule = gradients;
        losses = List.of(several);
        return several[0];
    }

    /** Returns the losses of {@link #combined} if it was called, else the loss alone. */
    List<SDVariable> losses(SDVariable loss) {
        return rule == null ? List.of(loss) : losses;
    }

    /** Returns the combination of the gradients; null for a single loss. */
    GradientRule rule() {
        return rule;
    }

    /** Returns the logits of the cross-entropy; null if there is none. */
    SDVariable logits() {
        return logits;
    }

    /** Sets the {@link #classFeatures}. */
    void encode(SDVariable features) {
        classFeatures = features;
    }

    /** Returns features of the classes' prompts, [classes, embed], not normalised. */
    SDVariable classFeatures() {
        return classFeatures;
    }

    int[] classOfRow() {
        return classes;
    }

    NativeWeights.Lock lock() {
        return shape.lock;
    }

    /** Copies the current values of the learned tensors to the graph's arrays. */
    void loadLearned() {
        learned.forEach((tensor, array) -> ArrayValues.of(array).fill(tensor.values()));
    }

    /** Frees the plan, the learned tensors' arrays and the constants. */
    @Override
    public void close() {
        while (!frees.isEmpty()) {
            frees.pop().run();
        }
    }
}
