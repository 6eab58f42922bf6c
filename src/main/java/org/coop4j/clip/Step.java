package org.coop4j.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A training step, planned once and run again and again: the loss of a batch and its gradients in
 * what is learned.
 *
 * <p>Beyond a memory limit the prompts are encoded in chunks of classes: class features chunk by
 * chunk, the loss and its gradient in the features, then the vector-Jacobian product of each chunk.
 * Classes meet in the loss alone, so the values are those of the whole step up to the order of
 * sums, for a second forward pass. Where everything fits, there are no chunks and the loss is
 * planned with the encoder in it.
 *
 * <p>Of several losses each has its own vector-Jacobian product; the forward pass is done once for
 * all. A rule of the loss combines their gradients.
 */
public final class Step implements AutoCloseable {

    static final String FEATURES = "class features";
    static final String UPSTREAM = "gradient of the class features";

    private final List<LearnedTensor> learned;
    private final List<StepPlan> forward; // none where the loss has the encoder in it
    private final StepPlan loss;
    private final List<StepPlan> backward;
    private final LearnedTensor features; // null where there are no chunks

    /** The gradient of each loss in each learned tensor, and last in the class features. */
    private final List<List<float[]>> gradients = new ArrayList<>();

    private int[] labels = {};

    /**
     * A step in chunks.
     *
     * @param forward chunks of what is learned → {@link #FEATURES}
     * @param loss of {@code features}, which it takes for learned
     * @param backward chunks of what is learned and {@link #UPSTREAM} → gradients
     */
    Step(
            List<LearnedTensor> learned,
            List<StepPlan> forward,
            StepPlan loss,
            List<StepPlan> backward,
            LearnedTensor features) {
        this.learned = learned;
        this.forward = forward;
        this.loss = loss;
        this.backward = backward;
        this.features = features;
        boolean alone = loss.losses() == 1;
        for (int i = 0; i < loss.losses(); i++) {
            List<float[]> ofLoss = new ArrayList<>();
            learned.forEach(t -> ofLoss.add(alone ? t.gradient() : new float[t.values().length]));
            ofLoss.add(new float[features == null ? 0 : features.values().length]);
            gradients.add(ofLoss);
        }
    }

    /** A step in one plan. */
    static Step whole(List<LearnedTensor> learned, StepPlan.Draft loss) {
        return new Step(learned, List.of(), StepPlan.of(loss), List.of(), null);
    }

    /** A step of image features alone, for all classes in their order, planned under the lock. */
    static Step ofFeatures(
            StepGraph.Shape shape,
            List<LearnedTensor> learned,
            int classes,
            Function<StepGraph, SDVariable> loss,
            Workers workers) {
        StepGraph graph =
                new StepGraph(shape, learned, IntStream.range(0, classes).toArray());
        return whole(learned, StepPlan.ofLoss(graph, loss.apply(graph), workers));
    }

    /**
     * Computes the loss, the logits and the gradients with the learned tensors as they are.
     *
     * @param images features of the batch's images, row after row
     * @param newLabels the class of each
     */
    public void run(float[] images, int[] newLabels) {
        labels = newLabels;
        if (features == null && gradients.size() == 1) {
            loss.run(images, labels);
            learned.forEach(tensor -> loss.readGradient(tensor, tensor.gradient()));
            return;
        }
        gradients.forEach(ofLoss -> ofLoss.forEach(gradient -> Arrays.fill(gradient, 0f)));
        for (StepPlan chunk : forward) {
            chunk.run(images, labels);
            chunk.readByClass(FEATURES, features.values());
        }
        loss.run(images, labels);
        for (int i = 0; i < gradients.size(); i++) {
            if (i > 0) {
                loss.runForLoss(i);
            }
            addGradients(loss, gradients.get(i));
            if (features != null) {
                loss.addGradient(features, ofFeatures(i));
            }
        }
        backward.forEach(chunk -> runBackward(chunk, images));
        if (gradients.size() > 1) {
            for (int t = 0; t < learned.size(); t++) {
                int tensor = t;
                List<float[]> ofTensor =
                        gradients.stream().map(ofLoss -> ofLoss.get(tensor)).toList();
                loss.rule().combine(ofTensor, learned.get(t).gradient());
            }
        }
    }

    private void runBackward(StepPlan chunk, float[] images) {
        for (int i = 0; i < gradients.size(); i++) {
            chunk.writeByClass(ofFeatures(i), UPSTREAM);
            if (i == 0) {
                chunk.run(images, labels);
            } else {
                chunk.repeat();
            }
            addGradients(chunk, gradients.get(i));
        }
    }

    private float[] ofFeatures(int loss) {
        return gradients.get(loss).get(learned.size());
    }

    private void addGradients(StepPlan plan, List<float[]> sums) {
        for (int t = 0; t < learned.size(); t++) {
            plan.addGradient(learned.get(t), sums.get(t));
        }
    }

    /** The loss of the last batch; the first where there are several. */
    public float loss() {
        return loss(0);
    }

    /** Loss {@code i} of the last batch, of several. */
    public float loss(int i) {
        return loss.lossValue(i);
    }

    /** The logits of image {@code image} of the last batch, by class. */
    public float[] logits(int image) {
        return loss.logits(image);
    }

    /** Share of the last batch whose largest logit is the label's, 0 to 1. */
    public double accuracy() {
        int correct = 0;
        for (int i = 0; i < labels.length; i++) {
            float[] z = logits(i);
            int best = 0;
            for (int c = 1; c < z.length; c++) {
                best = z[c] > z[best] ? c : best;
            }
            correct += best == labels[i] ? 1 : 0;
        }
        return (double) correct / labels.length;
    }

    /** Bytes of native memory for intermediate values. */
    public long bytes() {
        return plans().mapToLong(plan -> plan.plan().bytes()).max().orElse(0);
    }

    /** Floating-point operations of the matrix products of a step. */
    public long flops() {
        return plans().mapToLong(plan -> plan.plan().flops()).sum();
    }

    /** Chunks that the classes are encoded in. */
    public int chunks() {
        return Math.max(1, backward.size());
    }

    /** Runs again, and says where the time goes. */
    public List<ExecutionPlan.OpTime> profile() {
        Map<String, ExecutionPlan.OpTime> times = new LinkedHashMap<>();
        plans().flatMap(plan -> plan.plan().profile().stream())
                .forEach(time -> times.merge(time.op(), time, ExecutionPlan.OpTime::plus));
        return times.values().stream()
                .sorted((a, b) -> Long.compare(b.nanos(), a.nanos()))
                .toList();
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
