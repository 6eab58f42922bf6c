package org.coop4j.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.ArrayValues;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The graph of a training step under construction: what is learned, a batch of image features with
 * their labels, and constants.
 *
 * <p>Its classes stand in an order of its own (prompts are packed by length) and may be a part of
 * all: {@link #perClass} brings a constant with one row a class into that order, and labels are
 * translated by {@link Step}.
 */
public final class StepGraph implements AutoCloseable {

    static final String IMAGES = "images";
    static final String LABELS = "labels";
    static final String LOGITS = "logits";

    private final Graph graph = Graph.create();
    private final Map<LearnedTensor, INDArray> learned = new LinkedHashMap<>();
    private final Map<String, SDVariable> variables = new LinkedHashMap<>();
    private final Set<String> used = new LinkedHashSet<>();
    private final List<INDArray> owned = new ArrayList<>();
    private final Shape shape;
    private final int[] classes;
    private SDVariable images;
    private SDVariable labels;
    private SDVariable logits;
    private SDVariable scale;
    private GradientRule rule;
    private List<SDVariable> losses = List.of();

    /** How the gradients of several losses make one. */
    @FunctionalInterface
    public interface GradientRule {

        /**
         * Combines the gradients of a tensor.
         *
         * @param gradients the tensor's gradient of each loss, as one vector
         * @param combined is filled
         */
        void combine(List<float[]> gradients, float[] combined);
    }

    /**
     * What all graphs of a step have in common.
     *
     * @param batch images of a step
     * @param width of an image's features
     * @param logitScale CLIP's parameter of this name, a scalar; its exponential scales the logits
     * @param lock held while the plan runs
     */
    record Shape(int batch, int width, INDArray logitScale, NativeWeights.Lock lock) {}

    /**
     * @param classes which class each row of the class features is of
     */
    StepGraph(Shape shape, List<LearnedTensor> learned, int[] classes) {
        this.shape = shape;
        this.classes = classes;
        for (LearnedTensor tensor : learned) {
            INDArray array = Nd4j.create(DataType.FLOAT, matrix(tensor.shape()));
            owned.add(array);
            this.learned.put(tensor, array);
            variables.put(tensor.name(), graph.variable(tensor.name(), array));
        }
    }

    /** In a graph a tensor of more axes is the matrix of its rows. */
    private static long[] matrix(long[] shape) {
        if (shape.length <= 2) {
            return shape;
        }
        long width = shape[shape.length - 1];
        return new long[] {Arrays.stream(shape).reduce(1, Math::multiplyExact) / width, width};
    }

    /** CLIP's building blocks. */
    public Graph ops() {
        return graph;
    }

    /**
     * A learned tensor; one of more than two axes as the matrix of its rows.
     *
     * @throws IllegalArgumentException if none has this name
     */
    public SDVariable learned(String name) {
        SDVariable variable = variables.get(name);
        if (variable == null) {
            throw new IllegalArgumentException(name + " is not learned: expected one of " + variables.keySet());
        }
        used.add(name);
        return variable;
    }

    /** The batch's image features, as {@link Step#run} is given them, [batch, width]. */
    public SDVariable images() {
        if (images == null) {
            images = graph.placeholder(IMAGES, DataType.FLOAT, shape.batch, shape.width);
        }
        return images;
    }

    /** The batch's labels, [batch]. */
    public SDVariable labels() {
        if (labels == null) {
            labels = graph.placeholder(LABELS, DataType.FLOAT, shape.batch);
        }
        return labels;
    }

    /** Number of classes in this graph. */
    public int classes() {
        return classes.length;
    }

    /** Images of a step. */
    public int batch() {
        return shape.batch;
    }

    /** A constant, [rows, width]. */
    public SDVariable constant(String name, FeatureMatrix values) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, values.rows(), values.width());
        ArrayValues.of(array).fill(values.toArray());
        return constant(name, array);
    }

    /** A constant that the graph frees when it is closed. */
    SDVariable constant(String name, INDArray array) {
        owned.add(array);
        return graph.constant(name, array);
    }

    /**
     * A constant with one row a class, [classes, width].
     *
     * @param values a row for each class of the task, in the task's order
     */
    public SDVariable perClass(String name, FeatureMatrix values) {
        return constant(name, values.rows(classes));
    }

    /** exp(logit_scale) · images · weightsᵀ; weights [classes, width] → [batch, classes]. */
    public SDVariable cosineLogits(SDVariable weights) {
        return scaled(graph.linear(images(), weights));
    }

    /** exp(logit_scale) · x. */
    public SDVariable scaled(SDVariable x) {
        if (scale == null) {
            scale = graph.constant("logit_scale", shape.logitScale);
        }
        return graph.expScale(x, scale);
    }

    /**
     * Mean cross-entropy of the batch; the logits, [batch, classes], are those that {@link
     * Step#logits} and the training accuracy are read from.
     */
    public SDVariable crossEntropy(SDVariable z) {
        logits = z.rename(LOGITS);
        return graph.crossEntropy(logits, labels());
    }

    /**
     * Several losses whose gradients a rule combines, tensor by tensor. The first is the one that
     * is reported. A step takes one forward pass and a vector-Jacobian product for each loss.
     *
     * @return a scalar that stands for them, to be given as the loss
     */
    public SDVariable combined(GradientRule gradients, SDVariable... several) {
        rule = gradients;
        losses = List.of(several);
        SDVariable chosen = null;
        for (int i = 0; i < several.length; i++) {
            SDVariable choice = graph.placeholder(choice(i), DataType.FLOAT);
            SDVariable term = graph.innerProduct(several[i], choice);
            chosen = chosen == null ? term : chosen.add(term);
        }
        return chosen;
    }

    /** The placeholder that is 1 when the gradients of loss {@code i} are computed, and else 0. */
    static String choice(int i) {
        return "choice of loss " + i;
    }

    /** The losses that are combined; none where there is a single loss. */
    List<SDVariable> losses() {
        return losses;
    }

    GradientRule rule() {
        return rule;
    }

    boolean hasLogits() {
        return logits != null;
    }

    boolean readsImages() {
        return images != null;
    }

    boolean readsLabels() {
        return labels != null;
    }

    /** Those learned tensors that the graph reads: the others have no gradient in it. */
    Set<String> usedTensors() {
        return used;
    }

    Map<LearnedTensor, INDArray> learnedArrays() {
        return learned;
    }

    NativeWeights.Lock lock() {
        return shape.lock;
    }

    int[] classOfRow() {
        return classes;
    }

    /** Frees the learned tensors' arrays and the constants. */
    @Override
    public void close() {
        owned.forEach(INDArray::close);
        owned.clear();
    }
}
