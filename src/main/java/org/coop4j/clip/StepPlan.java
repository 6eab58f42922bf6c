package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** A {@link StepGraph} as a plan: values go in from the heap, losses and gradients come out. */
final class StepPlan implements AutoCloseable {

    private static final String LOGITS = "logits";

    private final StepGraph graph;
    private final Map<String, SDVariable> outputs = new LinkedHashMap<>();
    private final PlanDraft draft;
    private final int scalars;
    private final int[] rowOfClass;
    private ExecutionPlan plan; // null until it is bound to memory
    private ArrayValues logits; // null until they are read after a run
    private final boolean inOrder;
    private float[] lastImages; // those of the last run; null before
    private float[][] lastTargets;

    /**
     * A plan without memory.
     *
     * @param values outputs without gradients, by name
     * @param scalars whose gradients in all that is learned are computed
     */
    StepPlan(StepGraph graph, Map<String, SDVariable> values, List<SDVariable> scalars, Workers workers) {
        this.graph = graph;
        this.scalars = scalars.size();
        outputs.putAll(values);
        for (int i = 0; i < scalars.size(); i++) {
            int scalar = i;
            graph.ops()
                    .differentiate(scalars.get(i))
                    .forEach((tensor, gradient) -> outputs.put(gradient(scalar, tensor), gradient));
        }
        draft = graph.ops().draft(outputs, workers);
        int[] classes = graph.classOfRow();
        rowOfClass = new int[Arrays.stream(classes).max().orElse(-1) + 1];
        for (int row = 0; row < classes.length; row++) {
            rowOfClass[classes[row]] = row;
        }
        inOrder = Arrays.equals(classes, rowOfClass);
    }

    /** Returns the losses, the logits if there are any, and the gradients of each loss in all that is learned. */
    static StepPlan ofLoss(StepGraph graph, SDVariable loss, Workers workers) {
        List<SDVariable> losses = graph.losses(loss);
        Map<String, SDVariable> values = new LinkedHashMap<>();
        for (int i = 0; i < losses.size(); i++) {
            values.put(loss(i), losses.get(i));
        }
        if (graph.logits() != null) {
            values.put(LOGITS, graph.logits());
        }
        return new StepPlan(graph, values, losses, workers);
    }

    private static String loss(int i) {
        return "loss " + i;
    }

    private static String gradient(int scalar, String tensor) {
        return "gradient " + scalar + " of " + tensor;
    }

    /** Returns the number of bytes of native memory for intermediate values. */
    long bytes() {
        return draft.bytes();
    }

    /**
     * Allocates memory for plans that run one after another, as much as the largest needs. Closing the first frees it.
     *
     * @return the same plans
     */
    static List<StepPlan> bind(List<StepPlan> plans) {
        List<ExecutionPlan> bound =
                PlanDraft.bind(plans.stream().map(plan -> plan.draft).toList());
        for (int i = 0; i < bound.size(); i++) {
            plans.get(i).plan = bound.get(i);
            plans.get(i).graph.own(bound.get(i));
        }
        return plans;
    }

    /**
     * Runs the plan on images and labels; what it does not read may be null. Arrays of the last run are not read again.
     *
     * @param targets weights of the entries of images with several labels
     * @param draws decides what is dropped
     */
    void run(float[] images, int[] labels, float[][] targets, long draws) {
        graph.lock().hold(() -> {
            graph.loadLearned();
            if (plan.reads(StepGraph.IMAGES) && images != lastImages) {
                ArrayValues.of(plan.input(StepGraph.IMAGES)).fill(images);
                lastImages = images;
            }
            if (plan.reads(StepGraph.LABELS)) {
                ArrayValues.of(plan.input(StepGraph.LABELS)).fill(rows(labels));
            }
            if (plan.reads(StepGraph.TARGETS) && targets != lastTargets) {
                ArrayValues.of(plan.input(StepGraph.TARGETS))
                        .fill(FeatureMatrix.of(targets).toArray());
                lastTargets = targets;
            }
            if (plan.reads(StepGraph.DRAWS)) {
                ArrayValues.of(plan.input(StepGraph.DRAWS))
                        .fill(new float[] {draws >>> 24 & 0xFFFFFF, draws & 0xFFFFFF});
            }
            logits = null;
            plan.run();
            return null;
        });
    }

    /** Returns the row of each label's class. */
    private float[] rows(int[] labels) {
        float[] rows = new float[labels.length];
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= rowOfClass.length) {
                throw new IllegalArgumentException(
                        "label %d of an image: expected 0 to %d".formatted(labels[i], rowOfClass.length - 1));
            }
            rows[i] = rowOfClass[labels[i]];
        }
        return rows;
    }

    /** Returns the number of scalars whose gradients are computed. */
    int scalars() {
        return scalars;
    }

    StepGraph.GradientRule rule() {
        return graph.rule();
    }

    /** Returns the number of images. */
    int batch() {
        return graph.batch();
    }

    /** Returns true if the gradient in a tensor is computed. */
    boolean differentiates(LearnedTensor tensor) {
        return outputs.containsKey(gradient(0, tensor.name()));
    }

    float lossValue(int i) {
        return (float) ArrayValues.scalar(plan.output(loss(i)));
    }

    /** Adds a share of the gradient of scalar {@code i} in a tensor to a sum, if the scalar depends on it. */
    void addGradient(int i, LearnedTensor tensor, float share, float[] sum) {
        String name = gradient(i, tensor.name());
        if (outputs.containsKey(name)) {
            ArrayValues values = ArrayValues.of(plan.output(name));
            values.load();
            FloatBuffer gradient = values.buffer();
            for (int j = 0; j < sum.length; j++) {
                sum[j] += share * gradient.get(j);
            }
        }
    }

    /** Returns the logits of image {@code image}, by class. */
    float[] logits(int image) {
        if (logits == null) {
            logits = ArrayValues.of(plan.output(LOGITS));
            logits.load();
        }
        float[] byRow = new float[logits.cols()];
        logits.getRow(image, byRow);
        if (inOrder || plan.reads(StepGraph.TARGETS)) {
            return byRow;
        }
        float[] byClass = new float[byRow.length];
        for (int row = 0; row < byRow.length; row++) {
            byClass[graph.classOfRow()[row]] = byRow[row];
        }
        return byClass;
    }

    /** Copies an output [classes of this graph, width] to the rows of its classes in {@code byClass}. */
    void readByClass(String output, float[] byClass) {
        ArrayValues matrix = ArrayValues.of(plan.output(output));
        matrix.load();
        int[] classes = graph.classOfRow();
        for (int row = 0; row < classes.length; row++) {
            matrix.buffer().get(row * matrix.cols(), byClass, classes[row] * matrix.cols(), matrix.cols());
        }
    }

    /** The reverse of {@link #readByClass}, to a placeholder. */
    void writeByClass(float[] byClass, String placeholder) {
        ArrayValues matrix = ArrayValues.of(plan.input(placeholder));
        int[] classes = graph.classOfRow();
        for (int row = 0; row < classes.length; row++) {
            matrix.buffer().put(row * matrix.cols(), byClass, classes[row] * matrix.cols(), matrix.cols());
        }
        matrix.store();
    }

    ExecutionPlan plan() {
        return plan;
    }

    /** Frees the plan and its graph. */
    @Override
    public void close() {
        graph.close();
    }
}
