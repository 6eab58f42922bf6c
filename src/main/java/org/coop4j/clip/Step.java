package org.coop4j.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.OpTime;
import org.coop4j.graph.host.Workers;

/**
 * A training step, planned once and run any number of times: the loss of a batch, and its gradients in what is learned.
 *
 * <p>If everything fits into the memory limit, one plan holds the encoder, the loss and the gradients. Otherwise the
 * prompts are encoded in chunks of classes: class features chunk by chunk, the loss and its gradient in the features,
 * then the vector-Jacobian product of each chunk. Classes meet only in the loss, so the values are those of the whole
 * step up to the order of sums, at the price of a second forward pass. If the image tower is part of the step, the batch
 * is divided as well: each part has a share of the loss, which is a mean over images.
 */
public final class Step implements AutoCloseable {

    /** Name of the class features, [classes, embed], in the graphs of chunks and of their loss. */
    static final String FEATURES = "class features";

    private final List<StepPlan> forward;
    private final StepPlan loss;
    private final List<StepPlan> backward;
    private final LearnedTensor features; // null without chunks
    private final List<LearnedTensor> learned;
    private final StepGraph.GradientRule rule;

    /** Gradients of each loss in the learned tensors, and of chunks in the class features. */
    private final List<Map<LearnedTensor, float[]>> gradients = new ArrayList<>();

    private int[] labels = {};
    private float[][] targets; // null for single labels
    private float[] losses = {};
    private float[][] logits = {};
    private long draws;

    /** A step in one plan, which has no memory yet. */
    Step(List<LearnedTensor> learned, StepPlan loss) {
        this(learned, List.of(), loss, List.of(), null);
    }

    /**
     * A step in chunks.
     *
     * @param forward chunks: learned tensors → {@link #FEATURES}
     * @param loss of {@code features}, a learned tensor in its graph; it has no memory yet
     * @param backward chunks: learned tensors and {@link #upstream} → gradients
     */
    Step(
            List<LearnedTensor> learned,
            List<StepPlan> forward,
            StepPlan loss,
            List<StepPlan> backward,
            LearnedTensor features) {
        this.learned = learned;
        this.forward = forward;
        this.loss = StepPlan.bind(List.of(loss)).get(0);
        this.backward = backward;
        this.features = features;
        this.rule = loss.rule();
        for (int i = 0; i < loss.scalars(); i++) {
            Map<LearnedTensor, float[]> ofLoss = new LinkedHashMap<>();
            learned.forEach(t -> ofLoss.put(t, rule == null ? t.gradient() : new float[t.values().length]));
            if (features != null) {
                ofLoss.put(features, new float[features.values().length]);
            }
            gradients.add(ofLoss);
        }
    }

    /** Returns a step of image features alone, for all classes in their order. */
    static Step ofFeatures(
            StepGraph.Shape shape, List<LearnedTensor> learned, int classes, StepGraph.Loss loss, Workers workers) {
        return shape.build(() -> {
            StepGraph graph =
                    new StepGraph(shape, learned, IntStream.range(0, classes).toArray());
            return new Step(learned, StepPlan.ofLoss(graph, loss.of(graph), workers));
        });
    }

    /**
     * Returns the placeholder of a chunk for the gradient of loss {@code i} in its class features, [classes, embed].
     */
    static String upstream(int i) {
        return "upstream gradient " + i;
    }

    /** Sets what decides the draws of the next run, if anything is drawn. */
    public void draw(long random) {
        draws = random;
    }

    /**
     * Computes the loss, the logits and the gradients with the current learned tensors.
     *
     * @param images features or pixels of the batch's images, row after row
     * @param classes the label of each
     */
    public void run(float[] images, int[] classes) {
        run(images, classes, null);
    }

    /**
     * Computes the same for images with several labels.
     *
     * @param weights of each entry [images][classes], negative where the image does not show the class, 0 if unknown
     */
    public void run(float[] images, float[][] weights) {
        run(images, new int[weights.length], weights);
    }

    private void run(float[] images, int[] classes, float[][] weights) {
        labels = classes;
        targets = weights;
        for (StepPlan chunk : forward) {
            chunk.run(images, labels, targets, draws);
            chunk.readByClass(FEATURES, features.values());
        }
        gradients.forEach(ofLoss -> ofLoss.values().forEach(sum -> Arrays.fill(sum, 0)));
        losses = new float[gradients.size()];
        int each = loss.batch();
        logits = new float[each == labels.length ? 0 : labels.length][];
        for (int from = 0; from < labels.length; from += each) {
            runPart(images, from, each, draws + from);
        }
        for (StepPlan chunk : backward) {
            for (int i = 0; i < gradients.size(); i++) {
                chunk.writeByClass(gradients.get(i).get(features), upstream(i));
            }
            chunk.run(images, labels, targets, draws);
            addGradients(chunk, 1);
        }
        if (rule != null) {
            for (LearnedTensor tensor : learned) {
                rule.combine(gradients.stream().map(of -> of.get(tensor)).toList(), tensor.gradient());
            }
        }
    }

    private void runPart(float[] images, int from, int count, long random) {
        int width = images.length / labels.length;
        boolean whole = count == labels.length;
        loss.run(
                whole ? images : Arrays.copyOfRange(images, from * width, (from + count) * width),
                whole ? labels : Arrays.copyOfRange(labels, from, from + count),
                whole || targets == null ? targets : Arrays.copyOfRange(targets, from, from + count),
                random);
        float share = (float) count / labels.length;
        for (int i = 0; i < losses.length; i++) {
            losses[i] += share * loss.lossValue(i);
        }
        for (int i = 0; !whole && i < count; i++) {
            logits[from + i] = loss.logits(i);
        }
        addGradients(loss, share);
    }

    private void addGradients(StepPlan plan, float share) {
        for (int i = 0; i < gradients.size(); i++) {
            int ofLoss = i;
            gradients.get(i).forEach((tensor, sum) -> plan.addGradient(ofLoss, tensor, share, sum));
        }
    }

    /** Returns the last batch's loss; the first of several. */
    public float loss() {
        return loss(0);
    }

    /** Returns the last batch's loss {@code i} of several. */
    public float loss(int i) {
        return losses[i];
    }

    /** Returns the logits of image {@code image} of the last batch, by class. */
    public float[] logits(int image) {
        return logits.length == 0 ? loss.logits(image) : logits[image];
    }

    /**
     * Returns the share of the last batch whose largest logit is the label's, 0 to 1; of several labels the share of known
     * entries whose logits have the right sign.
     */
    public double accuracy() {
        logits(0); // read before threads share them
        long[] correct = new long[labels.length];
        IntStream.range(0, labels.length).parallel().forEach(i -> correct[i] = correct(i));
        long known = targets == null
                ? labels.length
                : Stream.of(targets).parallel().mapToLong(Step::known).sum();
        return (double) LongStream.of(correct).sum() / Math.max(1, known);
    }

    private static long known(float[] weights) {
        int known = 0;
        for (float weight : weights) {
            known += weight == 0 ? 0 : 1;
        }
        return known;
    }

    /** Returns the number of correct answers about an image. */
    private long correct(int image) {
        float[] z = logits(image);
        int label = labels[image];
        int correct = 0;
        for (int c = 0; c < z.length; c++) {
            if (targets != null) {
                correct += z[c] * targets[image][c] > 0 ? 1 : 0;
            } else if (c < label ? z[c] >= z[label] : z[c] > z[label]) {
                return 0;
            }
        }
        return targets == null ? 1 : correct;
    }

    /** Returns the number of bytes of native memory for intermediate values. */
    public long bytes() {
        return plans().mapToLong(StepPlan::bytes).max().orElse(0);
    }

    /** Returns the number of floating-point operations of the matrix products of a step of a batch. */
    public long flops(int batch) {
        long chunks = Stream.of(forward, backward)
                .flatMap(List::stream)
                .mapToLong(chunk -> chunk.plan().flops())
                .sum();
        return chunks + batch / together() * loss.plan().flops();
    }

    /** Returns the number of chunks of classes. */
    public int chunks() {
        return Math.max(1, backward.size());
    }

    /** Returns the number of images that are in memory at once. */
    public int together() {
        return loss.batch();
    }

    /** Runs again and measures the time of each kind of op. */
    public List<OpTime> profile() {
        return OpTime.measure(plans().map(StepPlan::plan).toList());
    }

    private Stream<StepPlan> plans() {
        return Stream.of(forward, List.of(loss), backward).flatMap(List::stream);
    }

    /** Frees the plans. */
    @Override
    public void close() {
        plans().forEach(StepPlan::close);
    }
}
