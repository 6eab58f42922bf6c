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
 * all. A rule of the objective's combines their gradients.
 */
public final class Step implements AutoCloseable {

    static final String FEATURES = "class features";
    static final String UPSTREAM = "gradient of the class features";

    private final List<LearnedTensor> learned;
    private final Chunks forward;
    private final Chunks head;
    private final StepPlan loss;
    private final Chunks backward;
    private final LearnedTensor features;
    private final List<Gradients> gradients = new ArrayList<>();
    private int[] labels = {};

    private Step(
            List<LearnedTensor> learned,
            Chunks forward,
            Chunks head,
            Chunks backward,
            LearnedTensor features) {
        this.learned = learned;
        this.forward = forward;
        this.head = head;
        this.loss = head.plans().get(0);
        this.backward = backward;
        this.features = features;
        int losses = loss.losses();
        for (int i = 0; i < losses; i++) {
            gradients.add(new Gradients(learned, losses == 1, features));
        }
    }

    /** The gradients of one loss. */
    private static final class Gradients {
        final List<float[]> ofLearned;
        final float[] ofFeatures;

        /**
         * @param alone whether they are the only ones, and so the tensors' own
         * @param features null where there are no chunks
         */
        Gradients(List<LearnedTensor> learned, boolean alone, LearnedTensor features) {
            ofLearned =
                    learned.stream()
                            .map(t -> alone ? t.gradient() : new float[t.values().length])
                            .toList();
            ofFeatures = features == null ? new float[0] : new float[features.values().length];
        }

        void clear() {
            ofLearned.forEach(gradient -> Arrays.fill(gradient, 0f));
            Arrays.fill(ofFeatures, 0f);
        }
    }

    /** A step in one plan. */
    static Step whole(List<LearnedTensor> learned, Chunks loss) {
        return new Step(learned, Chunks.none(), loss, Chunks.none(), null);
    }

    /** A step of image features alone, for all classes in their order, planned under the lock. */
    static Step ofFeatures(
            StepGraph.Shape shape,
            List<LearnedTensor> learned,
            int classes,
            Function<StepGraph, SDVariable> loss,
            Workers workers) {
        StepGraph graph = new StepGraph(shape, learned, IntStream.range(0, classes).toArray());
        SDVariable scalar = loss.apply(graph);
        return whole(learned, Chunks.of(StepPlan.ofLoss(graph, scalar, workers)));
    }

    /**
     * A step in chunks.
     *
     * @param forward chunks of what is learned → {@link #FEATURES}
     * @param loss of {@code features}, which it takes for learned
     * @param backward chunks of what is learned and {@link #UPSTREAM} → gradients
     */
    static Step chunked(
            List<LearnedTensor> learned,
            Chunks forward,
            Chunks loss,
            Chunks backward,
            LearnedTensor features) {
        return new Step(learned, forward, loss, backward, features);
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
        gradients.forEach(Gradients::clear);
        forward.forEach(
                chunk -> {
                    chunk.run(images, labels);
                    chunk.readByClass(FEATURES, features.values());
                });
        loss.run(images, labels);
        for (int i = 0; i < gradients.size(); i++) {
            if (i > 0) {
                loss.runForLoss(i);
            }
            addGradients(loss, gradients.get(i));
            if (features != null) {
                loss.addGradient(features, gradients.get(i).ofFeatures);
            }
        }
        backward.forEach(chunk -> runBackward(chunk, images));
        if (gradients.size() > 1) {
            for (int t = 0; t < learned.size(); t++) {
                int tensor = t;
                loss.rule()
                        .combine(
                                gradients.stream().map(g -> g.ofLearned.get(tensor)).toList(),
                                learned.get(t).gradient());
            }
        }
    }

    private void runBackward(StepPlan chunk, float[] images) {
        for (int i = 0; i < gradients.size(); i++) {
            chunk.writeByClass(gradients.get(i).ofFeatures, UPSTREAM);
            if (i == 0) {
                chunk.run(images, labels);
            } else {
                chunk.repeat();
            }
            addGradients(chunk, gradients.get(i));
        }
    }

    private void addGradients(StepPlan plan, Gradients sum) {
        for (int t = 0; t < learned.size(); t++) {
            plan.addGradient(learned.get(t), sum.ofLearned.get(t));
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
        return Stream.of(forward.plans(), List.of(loss), backward.plans()).flatMap(List::stream);
    }

    /** Frees the plans. */
    @Override
    public void close() {
        forward.close();
        head.close();
        backward.close();
    }
}
