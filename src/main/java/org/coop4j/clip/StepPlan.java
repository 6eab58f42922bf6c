package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.Arena;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A {@link StepGraph} planned: values go in from the heap, a loss and gradients come out. */
final class StepPlan implements AutoCloseable {

    private static final String LOSS = "loss";

    private final StepGraph graph;
    private final ExecutionPlan plan;
    private final int[] rowOfClass;
    private final float[] scratch;

    /**
     * A plan that has no memory yet.
     *
     * @param draft what it needs
     */
    record Draft(StepGraph graph, PlanDraft draft) {

        long bytes() {
            return draft.bytes();
        }

        StepPlan bind(Arena arena) {
            return new StepPlan(graph, draft.bind(arena));
        }
    }

    private StepPlan(StepGraph graph, ExecutionPlan plan) {
        this.graph = graph;
        this.plan = plan;
        int[] classes = graph.classOfRow();
        int last = -1;
        for (int c : classes) {
            last = Math.max(last, c);
        }
        rowOfClass = new int[last + 1];
        for (int row = 0; row < classes.length; row++) {
            rowOfClass[classes[row]] = row;
        }
        int longest = 0;
        for (LearnedTensor tensor : graph.learnedArrays().keySet()) {
            longest = Math.max(longest, tensor.values().length);
        }
        scratch = new float[longest];
    }

    /** The loss, the logits where there are any, and the gradients of all that is learned. */
    static Draft ofLoss(StepGraph graph, SDVariable loss, Workers workers) {
        loss.rename(LOSS);
        List<String> outputs = new ArrayList<>(List.of(LOSS));
        if (graph.hasLogits()) {
            outputs.add(StepGraph.LOGITS);
        }
        return differentiated(graph, loss, outputs, workers);
    }

    /** The gradients alone of a scalar in all that is learned. */
    static Draft ofGradients(StepGraph graph, SDVariable scalar, Workers workers) {
        return differentiated(graph, scalar, List.of(), workers);
    }

    private static Draft differentiated(
            StepGraph graph, SDVariable scalar, List<String> outputs, Workers workers) {
        graph.ops().differentiate(scalar);
        List<String> names = List.copyOf(graph.usedTensors());
        return new Draft(graph, graph.ops().gradientDraft(outputs, names, workers));
    }

    /** A variable's values, without gradients. */
    static Draft ofValues(StepGraph graph, String output, Workers workers) {
        return new Draft(graph, graph.ops().draft(List.of(output), workers));
    }

    /** Computes everything for these images and labels; those that it does not read may be null. */
    void run(float[] images, int[] labels) {
        graph.lock().hold(() -> compute(images, labels));
    }

    private Void compute(float[] images, int[] labels) {
        for (Map.Entry<LearnedTensor, INDArray> tensor : graph.learnedArrays().entrySet()) {
            HostMatrix.of(tensor.getValue()).fill(tensor.getKey().values());
        }
        if (graph.readsImages()) {
            HostMatrix.of(plan.input(StepGraph.IMAGES)).fill(images);
        }
        if (graph.readsLabels()) {
            HostMatrix rows = HostMatrix.of(plan.input(StepGraph.LABELS));
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] < 0 || labels[i] >= rowOfClass.length) {
                    throw new IllegalArgumentException(
                            "label %d of an image: expected 0 to %d"
                                    .formatted(labels[i], rowOfClass.length - 1));
                }
                rows.buffer().put(i, rowOfClass[labels[i]]);
            }
        }
        plan.run();
        return null;
    }

    float loss() {
        return plan.output(LOSS).getFloat(0);
    }

    /** Adds the gradients to those of the learned tensors. */
    void addGradients() {
        for (LearnedTensor tensor : graph.learnedArrays().keySet()) {
            if (!graph.usedTensors().contains(tensor.name())) {
                continue;
            }
            float[] gradient = tensor.gradient();
            HostMatrix.of(plan.output(Graph.gradientName(tensor.name())))
                    .buffer()
                    .get(0, scratch, 0, gradient.length);
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] += scratch[i];
            }
        }
    }

    /** The logits of image {@code image}, by class. */
    float[] logits(int image) {
        HostMatrix matrix = HostMatrix.of(plan.output(StepGraph.LOGITS));
        float[] byRow = new float[matrix.cols()];
        matrix.getRow(image, byRow);
        float[] byClass = new float[byRow.length];
        for (int row = 0; row < byRow.length; row++) {
            byClass[graph.classOfRow()[row]] = byRow[row];
        }
        return byClass;
    }

    /** Copies an output with one row a class to the rows of all classes. */
    void readByClass(String output, float[] byClass) {
        HostMatrix matrix = HostMatrix.of(plan.output(output));
        int[] classes = graph.classOfRow();
        for (int row = 0; row < classes.length; row++) {
            matrix.buffer()
                    .get(row * matrix.cols(), byClass, classes[row] * matrix.cols(), matrix.cols());
        }
    }

    /** The reverse of {@link #readByClass}, to a placeholder. */
    void writeByClass(float[] byClass, String placeholder) {
        HostMatrix matrix = HostMatrix.of(plan.input(placeholder));
        int[] classes = graph.classOfRow();
        for (int row = 0; row < classes.length; row++) {
            matrix.buffer()
                    .put(row * matrix.cols(), byClass, classes[row] * matrix.cols(), matrix.cols());
        }
    }

    ExecutionPlan plan() {
        return plan;
    }

    /** Frees the plan's own arrays; the arena is its owner's. */
    @Override
    public void close() {
        plan.close();
        graph.close();
    }
}
